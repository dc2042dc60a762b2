package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/labstack/echo/v4"
)

// bareArg makes this program the control of sync: echo and SQLite, and nothing else.
const bareArg = "serve-bare"

// bareServer answers what a server on this driver and this router could do at best:
// nothing at all, the rows of a page written through, and one transaction of rows put
// down. It knows nobody, rules on nothing and logs nothing.
func bareServer(readFrom, writeTo string) int {
	if err := serveBare(readFrom, writeTo); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serveBare(readFrom, writeTo string) error {
	from, err := sql.Open("sqlite", "file:"+readFrom+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openSQLite(writeTo)
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := to.Exec(`CREATE TABLE IF NOT EXISTS statements (n INTEGER PRIMARY KEY, raw BLOB NOT NULL)`); err != nil {
		return err
	}
	e := echo.New()
	e.GET("/hello", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	e.GET("/rows", func(c echo.Context) error { return bareRows(c, from) })
	e.POST("/rows", func(c echo.Context) error { return bareInsert(c, to) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	return http.Serve(l, e)
}

// bareRows writes the statements above ?after=, 1,000 at most, with what lies beside
// them in base64, and says in a header which was the last.
func bareRows(c echo.Context, db *sql.DB) error {
	rows, err := db.Query(`SELECT s.log_index, s.raw, a.body FROM (
			SELECT id, log_index, raw FROM statements WHERE log_index > $1 ORDER BY log_index LIMIT 1000) s
		LEFT JOIN attachments a ON a.statement = s.id ORDER BY s.log_index`, c.QueryParam("after"))
	if err != nil {
		return err
	}
	defer rows.Close()
	var page []byte
	last := int64(-1)
	for rows.Next() {
		var n int64
		var raw, beside []byte
		if err := rows.Scan(&n, &raw, &beside); err != nil {
			return err
		}
		if n != last {
			page, last = append(page, raw...), n
		}
		page = append(base64.StdEncoding.AppendEncode(page, beside), '\n')
	}
	c.Response().Header().Set("Last", strconv.FormatInt(last, 10))
	return errors.Join(rows.Err(), c.Blob(http.StatusOK, "text/plain", page))
}

// bareInsert puts down each line of the body, durably.
func bareInsert(c echo.Context, db *sql.DB) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for line := range strings.Lines(string(body)) {
		if _, err := tx.Exec(`INSERT INTO statements (raw) VALUES ($1)`, line); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// bare is the control as a process.
type bare struct {
	cmd    *exec.Cmd
	base   string
	client *http.Client
}

func (w *workshop) newBare(ctx context.Context, readFrom, writeTo string) (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &bare{cmd: exec.CommandContext(ctx, self, bareArg, readFrom, writeTo), client: newClient()}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.cmd.Stderr = os.Stderr
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	b.base = strings.TrimSpace(line)
	return b, err
}

func (b *bare) stop() error {
	b.client.CloseIdleConnections()
	if err := b.cmd.Process.Signal(syscall.SIGKILL); err != nil { // it promises nothing
		return err
	}
	b.cmd.Wait()
	return nil
}

// pull reads all rows in pages.
func (b *bare) pull(ctx context.Context) error {
	for after := "-1"; ; {
		reply, err := b.ask(ctx, http.MethodGet, "/rows?after="+after, nil)
		if err != nil {
			return err
		}
		if after = reply.Get("Last"); after == "-1" {
			return nil
		}
	}
}

func (b *bare) ask(ctx context.Context, method, path string, body io.Reader) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return nil, err
	}
	reply, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode >= 300 {
		return nil, fmt.Errorf("the control: %s", reply.Status)
	}
	_, err = io.Copy(io.Discard, reply.Body)
	return reply.Header, err
}
