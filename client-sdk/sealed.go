package attune

import (
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
)

// What the database holds of families and colleagues lies sealed under the store key:
// statements, folded states, what came beside statements, and where recordings are. Who
// copies the disk of a lost device reads nothing of it without the passphrase. In the
// clear stand what queries need: numbers, times, kinds, places in the chains, and what
// the service signed about its log.
//
// SQLite finds equal bytes nowhere in it, since every nonce is fresh: what is looked up
// is looked up by its number.

// in is the place of a row's sealed column.
func in(table string, key ...string) string { return table + "\x00" + strings.Join(key, "\x00") }

// shut is a sealed column's value. What is empty stays so: queries ask for it.
func (s *store) shut(plain []byte, table string, key ...string) any {
	if len(plain) == 0 {
		return ""
	}
	return s.box.Seal(in(table, key...), plain)
}

// column reads a sealed column: one of text, or of bytes. The columns of the key come
// before it in the query.
type column[T ~string | ~[]byte] struct {
	box   *seal.Box
	to    *T
	table *string
	key   []*string
}

// opens is how [sql.Rows.Scan] takes a sealed column.
func opens[T ~string | ~[]byte](s *store, to *T, table string, key ...*string) *column[T] {
	return opensIn(s, to, &table, key...)
}

// opensIn is opens where the query says of which table a row is.
func opensIn[T ~string | ~[]byte](s *store, to *T, table *string, key ...*string) *column[T] {
	return &column[T]{s.box, to, table, key}
}

// Scan implements sql.Scanner.
func (c *column[T]) Scan(value any) error {
	var sealed []byte
	switch v := value.(type) {
	case []byte:
		sealed = v
	case string:
		sealed = []byte(v)
	}
	if len(sealed) == 0 {
		*c.to = T("")
		return nil
	}
	key := make([]string, len(c.key))
	for i, k := range c.key {
		key[i] = *k
	}
	plain, err := c.box.Open(in(*c.table, key...), sealed)
	if errors.Is(err, seal.ErrDamaged) || errors.Is(err, seal.ErrTruncated) {
		return problem(CodeHome, "Ask your registrar for a new invitation, and join in a new folder. Keep this one: work that was not sent may be in it.",
			"What this device holds was changed or is damaged.").because(fmt.Errorf("%s: %w", *c.table, err))
	}
	*c.to = T(plain)
	return err
}
