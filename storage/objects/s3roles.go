package objects

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Role names one of the five keys that a service has at its S3 server. The
// administrator's key, which makes buckets and these five, is none of them and
// stays with the operator.
//
// No single key of a service can both read film and remove it, and none can make
// film impossible to erase: what breaks into the server can neither destroy what
// is stored nor hold it to ransom, and the sweeper cannot watch.
type Role string

// The five keys.
const (
	RoleServer  Role = "server"  // attuned serve: takes uploads in, hands film out
	RoleSweeper Role = "sweeper" // disposal: removes every version, reads none
	RoleHolder  Role = "holder"  // places and releases legal holds, nothing else
	RoleAuditor Role = "auditor" // reads checkpoints, and compares holds and versions; no film
	RoleAnchor  Role = "anchor"  // adds checkpoints of the log, locked; nothing of film
)

// Roles are all five.
func Roles() []Role { return []Role{RoleServer, RoleSweeper, RoleHolder, RoleAuditor, RoleAnchor} }

// grant is what a role may do in one bucket: to the bucket, and to what is in it.
type grant struct{ bucket, objects []string }

// sees lets a key find out how a bucket was made, so that [CheckS3] works with it.
var sees = []string{"s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:ListBucket"}

// grants is the whole of it: role, then bucket. What is not here is refused. Nobody
// has s3:PutBucketObjectLockConfiguration or s3:BypassGovernanceRetention, and nobody
// s3:PutObjectRetention where film and forms lie: film that cannot be erased breaks a
// promise. A checkpoint names nobody, and that it cannot be erased is what it is for.
//
// ListBucket lets a server say that an object is absent, which MinIO otherwise
// answers like a refusal; it shows names, which are ids, and sizes. MinIO takes it
// for ListBucketVersions as well. A sweeper has DeleteObject beside
// DeleteObjectVersion because MinIO asks for the
// first whichever is done.
var grants = map[Role]map[string]grant{
	RoleServer: {
		bucketClips: {with("s3:GetBucketLocation"),
			[]string{"s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}},
		bucketStaging:     {with("s3:GetBucketLocation"), []string{"s3:PutObject", "s3:GetObject", "s3:DeleteObject"}},
		bucketForms:       {with(), nil},
		bucketCheckpoints: {with(), nil},
	},
	RoleSweeper: {
		bucketClips: {with("s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
			[]string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload", "s3:GetObjectLegalHold", "s3:GetObjectRetention"}},
		bucketForms: {with("s3:ListBucketVersions"),
			[]string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObjectLegalHold", "s3:GetObjectRetention"}},
		bucketStaging: {with(), []string{"s3:DeleteObject"}},
	},
	RoleHolder: {
		bucketClips: {[]string{"s3:ListBucketVersions"}, []string{"s3:PutObjectLegalHold", "s3:GetObjectLegalHold"}},
		bucketForms: {[]string{"s3:ListBucketVersions"}, []string{"s3:PutObjectLegalHold", "s3:GetObjectLegalHold"}},
	},
	RoleAuditor: {
		bucketClips:       {with("s3:ListBucketVersions"), []string{"s3:GetObjectLegalHold", "s3:GetObjectRetention"}},
		bucketForms:       {with("s3:ListBucketVersions"), []string{"s3:GetObjectLegalHold", "s3:GetObjectRetention"}},
		bucketCheckpoints: {with("s3:ListBucketVersions"), []string{"s3:GetObject", "s3:GetObjectVersion"}},
	},
	RoleAnchor: {
		bucketCheckpoints: {with("s3:ListBucketVersions"),
			[]string{"s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"}},
	},
}

func with(more ...string) []string { return append(slices.Clone(sees), more...) }

// policy is an IAM policy document, as Amazon defined it and S3 servers take it.
type policy struct {
	Version   string
	Statement []policyStatement
}

type policyStatement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string][]string `json:",omitempty"` // in a bucket's policy only
	Action    []string
	Resource  []string
}

const policyVersion = "2012-10-17" // of the policy language; there is no newer one

// Policy is the IAM policy of a role, in JSON: what the role's user is given on
// MinIO, on Amazon S3, and wherever users have policies.
func (c S3Config) Policy(r Role) []byte {
	p := policy{Version: policyVersion}
	for _, b := range buckets {
		p.Statement = append(p.Statement, c.statements(r, b.name, nil)...)
	}
	return p.json()
}

// bucketPolicy is what a bucket lets the users of the five roles do, for servers
// where the bucket has the policy and not the user. Users are named by access key.
func (c S3Config) bucketPolicy(bucket string, users map[Role]string) []byte {
	p := policy{Version: policyVersion}
	for _, r := range Roles() {
		if user := users[r]; user != "" {
			p.Statement = append(p.Statement, c.statements(r, bucket, map[string][]string{"AWS": {user}})...)
		}
	}
	return p.json()
}

func (c S3Config) statements(r Role, bucket string, who map[string][]string) (out []policyStatement) {
	g, resource := grants[r][bucket], "arn:aws:s3:::"+c.bucket(bucket)
	if len(g.bucket) > 0 {
		out = append(out, policyStatement{Effect: "Allow", Principal: who, Action: g.bucket, Resource: []string{resource}})
	}
	if len(g.objects) > 0 {
		out = append(out, policyStatement{Effect: "Allow", Principal: who, Action: g.objects, Resource: []string{resource + "/*"}})
	}
	return out
}

func (p policy) json() []byte {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("policy of strings: %v", err)) // strings always encode
	}
	return append(b, '\n')
}
