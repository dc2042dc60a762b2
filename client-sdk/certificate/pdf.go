package certificate

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/attune-vf/attune/policies"
)

// Figures of the page, in millimetres and points. The standard fonts of PDF need not be in
// the file.
const (
	margin   = 18.0
	width    = 210 - 2*margin
	labelled = 44.0
	small    = 8.5
	plain    = 10.0

	shownVersions = 4 // more are in the JSON file
	shownDevices  = 3
	footAt        = 297 - margin - 20
)

// PDF writes the certificate as one page of A4 for a file on a shelf. It proves nothing by
// itself: it names the JSON file, which does, by its SHA-256.
func (f File) PDF(w io.Writer) error {
	b, err := f.JSON()
	if err != nil {
		return err
	}
	p := page{fpdf.New("P", "mm", "A4", "")}
	at, err := time.Parse(time.RFC3339, f.Accepted)
	if err != nil {
		return fmt.Errorf("%w: accepted: %w", ErrFile, err)
	}
	p.SetCreationDate(at) // the same file gives the same page
	p.SetModificationDate(at)
	p.SetCatalogSort(true)
	p.SetTitle("Certificate of destruction "+f.Certificate.Short(), false)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(false, 0)
	p.AddPage()
	p.head(f)
	p.what(f)
	p.dates(f)
	p.devices(f)
	if p.GetY() > footAt {
		return fmt.Errorf("the certificate takes more than a page, down to %.0f mm", p.GetY())
	}
	p.foot(f, sha256.Sum256(b))
	if p.Err() {
		return fmt.Errorf("write page: %w", p.Error())
	}
	if p.PageCount() != 1 {
		return fmt.Errorf("the certificate takes %d pages", p.PageCount())
	}
	return p.Output(w)
}

type page struct{ *fpdf.Fpdf }

func (p page) text(style string, size float64, text string) {
	p.SetFont("Helvetica", style, size)
	p.MultiCell(width, size*0.5, text, "", "L", false)
}

func (p page) heading(text string) {
	p.Ln(3)
	p.text("B", 11, text)
	p.SetDrawColor(160, 160, 160)
	p.Line(margin, p.GetY()+0.6, margin+width, p.GetY()+0.6)
	p.Ln(2)
}

// row is a label and what it says; identifiers are set in a type in which l and I differ.
func (p page) row(label, text string, id bool) {
	y := p.GetY()
	p.SetFont("Helvetica", "", small)
	p.SetTextColor(80, 80, 80)
	p.MultiCell(labelled, 4.6, label, "", "L", false)
	end := p.GetY()
	p.SetXY(margin+labelled, y)
	p.SetTextColor(0, 0, 0)
	p.SetFont("Helvetica", "", plain-0.5)
	if id {
		p.SetFont("Courier", "", small)
	}
	p.MultiCell(width-labelled, 4.6, text, "", "L", false)
	p.SetY(max(end, p.GetY()) + 0.4)
}

func (p page) head(f File) {
	p.text("B", 18, "Certificate of destruction")
	p.Ln(1)
	p.text("", plain, "A video clip held in Attune was destroyed. This page says what went, why, on whose word, and when nothing can bring it back.")
	p.heading("What was destroyed")
	p.row("Certificate", f.Certificate.String(), true)
	p.row("Service", f.Organisation.String(), true)
	p.row("Family record", f.Family.String(), true)
	p.row("Clip", f.Body.Clip.String(), true)
}

// people is a time or a day as people write it; what is neither stays as it is.
func people(stamp string) string {
	if at, err := time.Parse(time.RFC3339, stamp); err == nil {
		return at.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if day, err := time.Parse(time.DateOnly, stamp); err == nil {
		return day.Format("2 January 2006")
	}
	return stamp
}

// grounds in words that stand on paper.
var grounds = map[policies.DisposalGround]string{
	policies.ByWithdrawal: "Somebody in it withdrew, and a second person confirmed that.",
	policies.ByDecision:   "The head of service ordered it, of film that could not be taken in.",
	policies.BySchedule:   "Its time was over by the retention schedule, and a person authorised it.",
}

func (p page) what(f File) {
	b := f.Body
	p.row("SHA-256 of sealed film", b.Payload.String(), true)
	for i, v := range b.Versions {
		if i == shownVersions {
			p.row("", fmt.Sprintf("and %d more, in the file", len(b.Versions)-i), false)
			break
		}
		label := ""
		if i == 0 {
			label = "Stored versions"
		}
		p.row(label, fmt.Sprintf("%.40s  %d bytes", v.ID, v.Bytes), true)
	}
	if len(b.Versions) == 0 {
		p.row("Stored versions", "None: the film had not arrived.", false)
	}
	p.row("Also ended", fmt.Sprintf("Unfinished uploads: %d. Keys and titles: %d.", b.Uploads, b.Keys), false)
	p.heading("Why")
	p.row("Record class", strings.ReplaceAll(string(b.Class), "_", " "), false)
	p.row("Ground", grounds[b.Ground], false)
	p.row("Due since", people(Stamp(b.Due)), false)
	for i, a := range b.Authority {
		label := ""
		if i == 0 {
			label = "On the word of"
		}
		if i == shownVersions {
			p.row("", fmt.Sprintf("and %d more, in the file", len(b.Authority)-i), false)
			break
		}
		p.row(label, a.String(), true)
	}
	p.row("Retention policy", b.Pack.String(), true)
}

func (p page) dates(f File) {
	p.heading("When")
	p.row("Looked, found nothing", people(Stamp(f.Body.VerifiedAt)), false)
	p.row("Cannot be opened since", people(f.Ends.Unopenable)+", in the live system", false)
	last := "Not known yet: devices below have not answered. Not before the end of " + people(f.Ends.Backup) + ", when the last backup that may hold it ends."
	if f.Ends.ForGood != "" {
		last = "After " + people(f.Ends.ForGood) + ": the last backup that may hold it has ended, and every device has answered."
	}
	p.row("Gone for good", last, false)
}

func (p page) devices(f File) {
	p.heading("Devices that could open it")
	p.text("", small, fmt.Sprintf("As of %s: %d said that they let go of it, %d have not answered. A device's word is its own; nobody can look inside.",
		people(f.Devices.AsOf), len(f.Devices.Received), len(f.Devices.Outstanding)))
	p.Ln(0.6)
	for i, r := range f.Devices.Received {
		if i == shownDevices {
			p.row("", fmt.Sprintf("and %d more, in the file", len(f.Devices.Received)-i), false)
			break
		}
		p.row("Let go", r.Device.String()+"  "+people(strings.SplitN(r.At, "T", 2)[0]), true)
	}
	for i, d := range f.Devices.Outstanding {
		if i == shownDevices {
			p.row("", fmt.Sprintf("and %d more, in the file", len(f.Devices.Outstanding)-i), false)
			break
		}
		p.row("Not answered", d.String(), true)
	}
}

func (p page) foot(f File, sum [32]byte) {
	p.SetY(footAt)
	p.SetDrawColor(160, 160, 160)
	p.Line(margin, p.GetY(), margin+width, p.GetY())
	p.Ln(1.5)
	p.text("", small, fmt.Sprintf("Row %d of the service's access log. This page proves nothing by itself. The file it was made from does, with: attune certificate verify FILE. SHA-256 of that file:", f.Proof.Index))
	p.SetFont("Courier", "", small)
	p.MultiCell(width, 4.6, fmt.Sprintf("%x", sum), "", "L", false)
	p.text("I", small-1, "Erasing a file is not erasing the disk under it: what makes the film unreadable is that its keys are gone.")
}
