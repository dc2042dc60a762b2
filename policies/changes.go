package policies

// Changes is what one statement changed, for the tables that must answer without
// folding: who receives which record, and what can be uploaded, watched, opened.
type Changes struct {
	Joined []StaffID // now receives the record
	Left   []StaffID // no longer does
	Clips  []ClipID  // state of these clips changed; read it from the Family
	Links  []LinkID
	Ended  []FamilyID // of the organisation: of their records nothing is left but digests
	Dates  bool       // of the organisation: film of any family may be kept longer or shorter
}
