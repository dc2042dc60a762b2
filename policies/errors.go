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
	return fmt.Errorf("%w: %s %s has not arrived yet; it will be tried again when it does", ErrMissing, what, id.Short())
}
