package policies

import "fmt"

// notPossible, notCertified and missing wrap the three errors that callers
// branch on, with a sentence that says what to do.

func notPossible(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotPossible, fmt.Sprintf(format, args...))
}

func notCertified(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSigner, fmt.Sprintf(format, args...))
}

func missing[Noun any](what string, id ID[Noun]) error {
	return &MissingError{What: what, ID: StatementID(id)}
}

// MissingError names what a statement rests on and the state does not have. It is
// [ErrMissing].
type MissingError struct {
	What string      // as people call it: the session
	ID   StatementID // of the statement that brings it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%v: %s %s has not arrived yet; it will be tried again when it does", ErrMissing, e.What, e.ID.Short())
}

// Is makes it [ErrMissing].
func (e *MissingError) Is(target error) bool { return target == ErrMissing }
