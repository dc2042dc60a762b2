// Command pocketbase is the peer of sync: PocketBase as a library, serving records
// under a viewer rule, as somebody would build who had no product of ours.
//
// It keeps PocketBase's own choices: WAL with synchronous=NORMAL, its request log,
// gzip of nothing. Its limit of 50 requests in a batch is raised, and the token lives
// as long as a run.
//
//	pocketbase DIR SEED
//
// makes DIR from the file SEED, if it is new, serves it on a port of its own, and
// prints one line of JSON when it is ready: see ready.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // the tables that it keeps its own things in
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/types"
)

// seed is what a new folder is filled with.
type seed struct {
	Families []int    `json:"families"` // whose each is: who pulls is a viewer of all of them
	Records  []record `json:"records"`
}

type record struct {
	Family      int    `json:"family"`
	Statement   string `json:"statement"`
	Attachments string `json:"attachments"`
}

// ready is what a client needs.
type ready struct {
	Base     string   `json:"base"`
	Token    string   `json:"token"`
	Families []string `json:"families"`
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(dir, from string) error {
	_, err := os.Stat(dir)
	fresh := errors.Is(err, os.ErrNotExist)
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: dir})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	if fresh {
		if err := fill(app, from); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := announce(app, "http://"+l.Addr().String()); err != nil {
		return err
	}
	app.OnServe().Bind(&hook.Handler[*core.ServeEvent]{Func: func(e *core.ServeEvent) error {
		e.Listener, e.InstallerFunc = l, nil
		go func() {
			end := make(chan os.Signal, 1)
			signal.Notify(end, syscall.SIGTERM)
			<-end
			e.Server.Close()
		}()
		return e.Next()
	}})
	if err := apis.Serve(app, apis.ServeConfig{HttpAddr: l.Addr().String()}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func announce(app core.App, base string) error {
	user, err := app.FindAuthRecordByEmail("users", who)
	if err != nil {
		return err
	}
	out := ready{Base: base}
	if out.Token, err = user.NewStaticAuthToken(24 * time.Hour); err != nil {
		return err
	}
	families, err := app.FindRecordsByFilter("families", "", "reference", 0, 0)
	if err != nil {
		return err
	}
	for _, f := range families {
		out.Families = append(out.Families, f.Id)
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

const who = "sam@example.org"

// viewers is the rule: of a record, that its family lists who asks.
const viewers = "family.viewers.id ?= @request.auth.id"

func fill(app core.App, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var s seed
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	settings := app.Settings()
	settings.Batch = core.BatchConfig{Enabled: true, MaxRequests: 1000, Timeout: 60, MaxBodySize: 128 << 20}
	if err := app.Save(settings); err != nil {
		return err
	}
	families, records, err := collections(app)
	if err != nil {
		return err
	}
	return app.RunInTransaction(func(tx core.App) error { return s.put(tx, families, records) })
}

func collections(app core.App) (families, records *core.Collection, err error) {
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return nil, nil, err
	}
	families = core.NewBaseCollection("families")
	families.Fields.Add(
		&core.TextField{Name: "reference", Required: true},
		&core.RelationField{Name: "viewers", CollectionId: users.Id, MaxSelect: 100},
	)
	if err := app.Save(families); err != nil {
		return nil, nil, err
	}
	records = core.NewBaseCollection("records")
	records.ListRule, records.ViewRule, records.CreateRule = types.Pointer(viewers), types.Pointer(viewers), types.Pointer(viewers)
	records.Fields.Add(
		&core.RelationField{Name: "family", CollectionId: families.Id, Required: true, MaxSelect: 1},
		&core.NumberField{Name: "seq", OnlyInt: true},
		&core.TextField{Name: "statement", Required: true, Max: 1 << 20},
		&core.TextField{Name: "attachments", Max: 1 << 24},
	)
	records.AddIndex("idx_records_seq", false, "seq", "")
	records.AddIndex("idx_records_family", false, "family", "")
	return families, records, app.Save(records)
}

func (s seed) put(tx core.App, families, records *core.Collection) error {
	users, err := tx.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	staff := make([]string, slices.Max(s.Families)+2) // the last is who pulls
	for i := range staff {
		user := core.NewRecord(users)
		user.SetEmail(fmt.Sprintf("p%d@example.org", i))
		if i == len(staff)-1 {
			user.SetEmail(who)
		}
		user.SetPassword("a password of the benchmark")
		if err := tx.Save(user); err != nil {
			return err
		}
		staff[i] = user.Id
	}
	ids := make([]string, len(s.Families))
	for i, by := range s.Families {
		f := core.NewRecord(families)
		f.Set("reference", fmt.Sprintf("NF-%04d", i))
		f.Set("viewers", []string{staff[by], staff[len(staff)-1]})
		if err := tx.Save(f); err != nil {
			return err
		}
		ids[i] = f.Id
	}
	for i, r := range s.Records {
		n := core.NewRecord(records)
		n.Set("family", ids[r.Family])
		n.Set("seq", i+1)
		n.Set("statement", r.Statement)
		n.Set("attachments", r.Attachments)
		if err := tx.Save(n); err != nil {
			return err
		}
	}
	return nil
}
