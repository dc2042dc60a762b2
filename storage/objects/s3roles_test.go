//go:build s3

package objects_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/s3test"
)

// granted makes buckets and the five users, and returns each role's way in.
func granted(t *testing.T, cfg objects.S3Config) map[objects.Role]objects.S3Config {
	t.Helper()
	ways := map[objects.Role]objects.S3Config{}
	var keys []objects.RoleKey
	for _, r := range objects.Roles() {
		k := objects.RoleKey{Role: r, AccessKey: "attune-" + string(r), SecretKey: strings.Repeat(string(r[:1]), 40)}
		way := cfg
		way.AccessKey, way.SecretKey = k.AccessKey, k.SecretKey
		keys, ways[r] = append(keys, k), way
	}
	for range 2 { // the second changes nothing
		if err := objects.GrantS3(t.Context(), cfg, keys); err != nil {
			t.Fatal(err)
		}
	}
	return ways
}

// act is one thing that a key tries on a stored film, on both servers. It comes
// with a film of its own: one act must not spoil the next.
type act struct {
	name string
	try  func(ctx context.Context, c *minio.Client, version string) error
	may  []objects.Role
}

const film = "film"

func acts() []act {
	hold, until, mode := minio.LegalHoldEnabled, time.Now().Add(time.Hour), minio.Governance
	put := func(ctx context.Context, c *minio.Client, bucket string, opts minio.PutObjectOptions) error {
		_, err := c.PutObject(ctx, bucket, film, bytes.NewReader([]byte("x")), 1, opts)
		return err
	}
	return []act{
		{"read film", func(ctx context.Context, c *minio.Client, _ string) error {
			_, err := c.StatObject(ctx, "clips", film, minio.StatObjectOptions{})
			return err
		}, []objects.Role{objects.RoleServer}},
		{"write film", func(ctx context.Context, c *minio.Client, _ string) error {
			return put(ctx, c, "clips", minio.PutObjectOptions{})
		}, []objects.Role{objects.RoleServer}},
		{"write film that nobody can erase", func(ctx context.Context, c *minio.Client, _ string) error {
			return put(ctx, c, "clips", minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: time.Now().Add(2 * time.Second)})
		}, nil},
		{"write film with a hold", func(ctx context.Context, c *minio.Client, _ string) error {
			return put(ctx, c, "clips", minio.PutObjectOptions{LegalHold: minio.LegalHoldEnabled})
		}, nil},
		{"hide film behind a marker", func(ctx context.Context, c *minio.Client, _ string) error {
			return c.RemoveObject(ctx, "clips", film, minio.RemoveObjectOptions{})
		}, []objects.Role{objects.RoleSweeper}},
		{"list versions", func(ctx context.Context, c *minio.Client, _ string) error {
			for o := range c.ListObjectsIter(ctx, "clips", minio.ListObjectsOptions{Prefix: film, WithVersions: true}) {
				return o.Err
			}
			return errors.New("nothing listed")
		}, []objects.Role{objects.RoleSweeper, objects.RoleHolder, objects.RoleAuditor}},
		{"change retention", func(ctx context.Context, c *minio.Client, v string) error {
			return c.PutObjectRetention(ctx, "clips", film, minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: v})
		}, nil},
		{"change the bucket's retention", func(ctx context.Context, c *minio.Client, _ string) error {
			days, unit := uint(1), minio.Days
			return c.SetObjectLockConfig(ctx, "clips", &mode, &days, &unit)
		}, nil},
		{"change the bucket's policy", func(ctx context.Context, c *minio.Client, _ string) error {
			return c.SetBucketPolicy(ctx, "clips", "")
		}, nil},
		{"make a bucket", func(ctx context.Context, c *minio.Client, _ string) error {
			return c.MakeBucket(ctx, "another", minio.MakeBucketOptions{})
		}, nil},
		{"read checkpoints", func(ctx context.Context, c *minio.Client, _ string) error {
			_, err := c.StatObject(ctx, "checkpoints", film, minio.StatObjectOptions{})
			return err
		}, []objects.Role{objects.RoleAuditor, objects.RoleAnchor}},
		{"write checkpoints", func(ctx context.Context, c *minio.Client, _ string) error {
			return put(ctx, c, "checkpoints", minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: time.Now().Add(time.Hour)})
		}, []objects.Role{objects.RoleAnchor}},
		{"remove checkpoints", func(ctx context.Context, c *minio.Client, _ string) error {
			return c.RemoveObject(ctx, "checkpoints", film, minio.RemoveObjectOptions{})
		}, nil},
		{"delete the version", func(ctx context.Context, c *minio.Client, v string) error {
			return c.RemoveObject(ctx, "clips", film, minio.RemoveObjectOptions{VersionID: v})
		}, []objects.Role{objects.RoleSweeper}},
		{"place a hold", func(ctx context.Context, c *minio.Client, v string) error {
			return c.PutObjectLegalHold(ctx, "clips", film, minio.PutObjectLegalHoldOptions{Status: &hold, VersionID: v})
		}, []objects.Role{objects.RoleHolder}},
	}
}

// TestS3RolesDoWhatTheyMay tries each act with each of the five keys.
func TestS3RolesDoWhatTheyMay(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, root := granted(t, cfg), s3test.Client(t, cfg)
		for _, a := range acts() {
			if a.name == "list versions" && strings.HasSuffix(t.Name(), "/minio") {
				// to MinIO it is the same as listing names, which the anchor may not either
				a.may = []objects.Role{objects.RoleServer, objects.RoleSweeper, objects.RoleHolder, objects.RoleAuditor}
			}
			for _, r := range objects.Roles() {
				version := store(t, root, "clips")
				store(t, root, "checkpoints")
				err := a.try(t.Context(), s3test.Client(t, ways[r]), version)
				switch may := slices.Contains(a.may, r); {
				case may && err != nil:
					t.Errorf("the %s cannot %s: %v", r, a.name, err)
				case !may && minio.ToErrorResponse(err).Code != "AccessDenied":
					t.Errorf("the %s tries to %s: %v, want AccessDenied", r, a.name, err)
				}
			}
		}
	})
}

// store puts a film as the administrator, and returns its version.
func store(t *testing.T, root *minio.Client, bucket string) string {
	t.Helper()
	info, err := root.PutObject(t.Context(), bucket, film, bytes.NewReader([]byte("sealed")), 6, minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info.VersionID
}

// TestS3HeldFilmOutlivesTheSweeper: a hold is the holder's, and no key of ours
// goes round it.
func TestS3HeldFilmOutlivesTheSweeper(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, root := granted(t, cfg), s3test.Client(t, cfg)
		version, on, off := store(t, root, "clips"), minio.LegalHoldEnabled, minio.LegalHoldDisabled
		holder, sweeper := s3test.Client(t, ways[objects.RoleHolder]), s3test.Client(t, ways[objects.RoleSweeper])
		hold := func(c *minio.Client, s *minio.LegalHoldStatus) error {
			return c.PutObjectLegalHold(t.Context(), "clips", film, minio.PutObjectLegalHoldOptions{Status: s, VersionID: version})
		}
		remove := func(bypass bool) error {
			return sweeper.RemoveObject(t.Context(), "clips", film, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: bypass})
		}
		if err := hold(holder, &on); err != nil {
			t.Fatal(err)
		}
		if remove(false) == nil || remove(true) == nil || hold(sweeper, &off) == nil {
			t.Error("the sweeper went round a hold")
		}
		if err := errors.Join(hold(holder, &off), remove(false)); err != nil {
			t.Errorf("after the release: %v", err)
		}
	})
}

// TestS3ServersKeyIsEnough: a clip is stored and read with the server's key, and
// removed with the sweeper's, which the server's cannot.
func TestS3ServersKeyIsEnough(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways, key := granted(t, cfg), objects.Key("clips/a")
		s := openS3(t, ways[objects.RoleServer])
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("stat of an absent clip: %v, want ErrNotFound", err)
		}
		whole := strings.Repeat("x", objects.PartBytes) + "end"
		ref := begin(t, s, key)
		parts := []objects.Part{write(t, s, key, ref, 0, whole[:objects.PartBytes]), write(t, s, key, ref, objects.PartBytes, "en")}
		if err := s.ReadPart(t.Context(), key, ref, objects.PartBytes, make([]byte, 2)); err != nil {
			t.Error(err)
		}
		parts[1] = write(t, s, key, ref, objects.PartBytes, "end")
		for range 2 {
			if err := s.Complete(t.Context(), key, ref, parts, int64(len(whole))); err != nil {
				t.Fatal(err)
			}
		}
		gone := begin(t, s, "clips/b")
		write(t, s, "clips/b", gone, 0, "b")
		if err := s.Abort(t.Context(), "clips/b", gone); err != nil {
			t.Error(err)
		}
		r, err := s.ReadRange(t.Context(), key, objects.PartBytes, 3)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if err := s.Delete(t.Context(), key); err == nil {
			t.Error("the server's key deleted a clip")
		}
		sweeper := openS3(t, ways[objects.RoleSweeper])
		if _, err := sweeper.ReadRange(t.Context(), key, 0, 1); err == nil {
			t.Error("the sweeper's key read film")
		}
		if err := sweeper.Delete(t.Context(), key); err != nil {
			t.Errorf("the sweeper: %v", err)
		}
	})
}

// TestS3ChecksTheKey: the server's key passes and has nothing over; the
// administrator's has, and asking changed nothing.
func TestS3ChecksTheKey(t *testing.T) {
	each(t, func(t *testing.T, cfg objects.S3Config) {
		ways := granted(t, cfg)
		r, err := objects.CheckS3(t.Context(), ways[objects.RoleServer])
		if err != nil || !r.OK() {
			t.Errorf("check with the server's key: %+v, %v", r, err)
		}
		can, err := objects.Excess(t.Context(), ways[objects.RoleServer])
		if err != nil || len(can) > 0 {
			t.Errorf("the server's key can %q, %v", can, err)
		}
		can, err = objects.Excess(t.Context(), cfg)
		if err != nil || len(can) != 4 {
			t.Errorf("the administrator's key can %q, %v; want all four", can, err)
		}
		for o := range s3test.Client(t, cfg).ListObjectsIter(t.Context(), "clips", minio.ListObjectsOptions{WithVersions: true}) {
			t.Errorf("the question left %+v", o)
		}
	})
}

// TestS3PolicyDocuments: what operators elsewhere paste names no action twice over
// and never a way to keep film for ever.
func TestS3PolicyDocuments(t *testing.T) {
	cfg := objects.S3Config{Host: "s3.example.org", Prefix: "northfield"}
	for _, r := range objects.Roles() {
		b := cfg.Policy(r)
		var p struct {
			Version   string
			Statement []struct {
				Effect           string
				Action, Resource []string
			}
		}
		if err := json.Unmarshal(b, &p); err != nil || p.Version == "" || len(p.Statement) == 0 {
			t.Errorf("%s: %v in %s", r, err, b)
		}
		for _, s := range p.Statement {
			if s.Effect != "Allow" || !strings.HasPrefix(s.Resource[0], "arn:aws:s3:::northfield-") {
				t.Errorf("%s: %+v", r, s)
			}
		}
		for _, never := range []string{"PutObjectRetention", "Bypass", "PutBucket", "DeleteBucket", "*\""} {
			if r == objects.RoleAnchor && never == "PutObjectRetention" {
				if strings.Contains(string(b), "northfield-clips") || strings.Contains(string(b), "northfield-forms") {
					t.Errorf("the anchor's policy names film or forms: %s", b)
				}
				continue // it locks checkpoints, and touches nothing else
			}
			if strings.Contains(strings.ReplaceAll(string(b), "/*\"", ""), never) {
				t.Errorf("the %s's policy has %s", r, never)
			}
		}
	}
}
