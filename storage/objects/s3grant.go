package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// ErrAccounts says that a server's accounts are made with its own tools: every
// kind of server has its own way, and we speak MinIO's and versitygw's.
var ErrAccounts = errors.New("this kind of S3 server makes accounts its own way")

// RoleKey is the key of a role: the name of its user, and the secret.
type RoleKey struct {
	Role                 Role
	AccessKey, SecretKey string
}

// GrantS3 makes a user at the server for each key, and lets it do what its role
// may, whatever it could do before. It needs the administrator's key in cfg, and
// the buckets. Safe to call twice, also with new secrets. ErrAccounts when the
// server is neither MinIO nor versitygw: give users [S3Config.Policy] by hand.
//
// MinIO keeps a policy with each user and heeds a bucket's only for strangers;
// versitygw keeps users without policies and a policy with each bucket.
func GrantS3(ctx context.Context, cfg S3Config, keys []RoleKey) error {
	core, transport, err := cfg.client()
	if err != nil {
		return fmt.Errorf("make accounts: %w", err)
	}
	defer transport.CloseIdleConnections()
	a := admin{S3Config: cfg, http: &http.Client{Transport: transport}}
	kind, err := a.kind(ctx)
	if err != nil {
		return fmt.Errorf("make accounts: %w", err)
	}
	switch {
	case strings.EqualFold(kind, "MinIO"):
		err = a.grantMinIO(ctx, keys)
	case strings.EqualFold(kind, "VERSITYGW"):
		err = a.grantVersity(ctx, core, keys)
	default:
		err = fmt.Errorf("%w: it calls itself %q", ErrAccounts, kind)
	}
	if err != nil {
		return fmt.Errorf("make accounts at %s: %w", cfg, err)
	}
	return nil
}

// admin speaks to the parts of a server that are not S3.
type admin struct {
	S3Config
	http *http.Client
}

// kind is what the server calls itself.
func (a admin) kind(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, a.url("/", nil), nil)
	if err != nil {
		return "", err
	}
	reply, err := a.http.Do(r)
	if err != nil {
		return "", err
	}
	return reply.Header.Get("Server"), reply.Body.Close()
}

func (a admin) url(path string, query url.Values) string {
	u := url.URL{Scheme: "https", Host: a.Host, Path: path, RawQuery: query.Encode()}
	if a.Plain {
		u.Scheme = "http"
	}
	return u.String()
}

// grantMinIO uses MinIO's admin API, version 3.
func (a admin) grantMinIO(ctx context.Context, keys []RoleKey) error {
	const api = "/minio/admin/v3/"
	for _, k := range keys {
		name := a.bucket("attune-" + string(k.Role))
		user, err := json.Marshal(map[string]string{"secretKey": k.SecretKey, "status": "enabled"})
		if err != nil {
			return err
		}
		sealed, err := sealForMinIO(a.SecretKey, user)
		if err != nil {
			return err
		}
		for _, step := range []struct {
			path  string
			query url.Values
			body  []byte
		}{
			{"add-canned-policy", url.Values{"name": {name}}, a.Policy(k.Role)},
			{"add-user", url.Values{"accessKey": {k.AccessKey}}, sealed},
			{"set-user-or-group-policy", url.Values{"policyName": {name}, "userOrGroup": {k.AccessKey}, "isGroup": {"false"}}, nil},
		} {
			if err := a.do(ctx, http.MethodPut, api+step.path, step.query, step.body); err != nil {
				return fmt.Errorf("%s of %s: %w", step.path, k.AccessKey, err)
			}
		}
	}
	return nil
}

// versityAccount is a user as versitygw's admin API takes it.
type versityAccount struct {
	XMLName xml.Name `xml:"Account"`
	Access  string
	Secret  string
	Role    string // "user": may do nothing but what a bucket's policy says
}

// grantVersity needs a gateway that runs with --iam-dir.
func (a admin) grantVersity(ctx context.Context, core *minio.Core, keys []RoleKey) error {
	users := map[Role]string{}
	for _, k := range keys {
		users[k.Role] = k.AccessKey
		user, err := xml.Marshal(versityAccount{Access: k.AccessKey, Secret: k.SecretKey, Role: "user"})
		if err != nil {
			return err
		}
		err = a.do(ctx, http.MethodPatch, "/create-user", nil, user)
		if refused := new(refusedError); errors.As(err, &refused) && refused.status == http.StatusConflict {
			user = bytes.ReplaceAll(user, []byte("Account>"), []byte("MutableProps>"))
			err = a.do(ctx, http.MethodPatch, "/update-user", url.Values{"access": {k.AccessKey}}, user)
		}
		if err != nil {
			return fmt.Errorf("user %s: %w", k.AccessKey, err)
		}
	}
	for _, b := range buckets {
		if err := core.SetBucketPolicy(ctx, a.bucket(b.name), string(a.bucketPolicy(b.name, users))); err != nil {
			return fmt.Errorf("policy of bucket %s: %w", a.bucket(b.name), err)
		}
	}
	for _, k := range keys {
		if err := a.believed(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// believed gives a user its secret until the gateway goes by it. versitygw 1.8.0 keeps
// accounts in a cache whose keys are strings of the web framework's, which it uses
// again for other requests: now and then it updates the file and goes on with the old
// secret, which was replaced because it leaked. Given again it finds the entry.
func (a admin) believed(ctx context.Context, k RoleKey) error {
	cfg := a.S3Config
	cfg.AccessKey, cfg.SecretKey = k.AccessKey, k.SecretKey
	core, transport, err := cfg.client()
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	update, err := xml.Marshal(versityAccount{XMLName: xml.Name{Local: "MutableProps"}, Access: k.AccessKey, Secret: k.SecretKey, Role: "user"})
	if err != nil {
		return err
	}
	for range 40 { // each pause a quarter of a second: ten seconds; once or twice is enough
		_, err = core.ListBuckets(ctx)
		if minio.ToErrorResponse(err).Code != "SignatureDoesNotMatch" {
			return nil // what it may do is its policy's to say
		}
		if err := a.do(ctx, http.MethodPatch, "/update-user", url.Values{"access": {k.AccessKey}}, update); err != nil {
			return fmt.Errorf("user %s: %w", k.AccessKey, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
	return fmt.Errorf("user %s: the server goes on with another secret; restart it: %w", k.AccessKey, err)
}

// refusedError is an answer other than success.
type refusedError struct {
	status int
	said   string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("the server answers %d: %s", e.status, e.said)
}

// do sends one signed request, body and all, and wants success.
func (a admin) do(ctx context.Context, method, path string, query url.Values, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, method, a.url(path, query), bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	region := a.Region
	if region == "" {
		region = defaultRegion
	}
	reply, err := a.http.Do(signer.SignV4(*r, a.AccessKey, a.SecretKey, "", region))
	if err != nil {
		return err
	}
	said, err := io.ReadAll(io.LimitReader(reply.Body, 4096)) // an error's text is short
	err = errors.Join(err, reply.Body.Close())
	if err == nil && reply.StatusCode/100 != 2 {
		err = &refusedError{reply.StatusCode, string(said)}
	}
	return err
}
