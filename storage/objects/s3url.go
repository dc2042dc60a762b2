package objects

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
)

// S3Config says where an S3 server is and who we are to it.
type S3Config struct {
	Host      string // host or host:port
	Plain     bool   // HTTP instead of HTTPS
	Region    string // default us-east-1, which servers of one's own go by
	Prefix    string // begins each bucket's name, with a hyphen after it; default none
	AccessKey string
	SecretKey string
}

// String is the URL, without the credentials.
func (c S3Config) String() string {
	u := url.URL{Scheme: "s3", Host: c.Host}
	if c.Plain {
		u.Scheme = "s3+http"
	}
	if c.Prefix != "" {
		u.Path = "/" + c.Prefix
	}
	if c.Region != defaultRegion && c.Region != "" {
		u.RawQuery = url.Values{"region": {c.Region}}.Encode()
	}
	return u.String()
}

const defaultRegion = "us-east-1"

// ErrPlain refuses HTTP to another machine: whoever sits between could hand out
// other objects, or keep the credentials' signatures busy.
var ErrPlain = errors.New("plain HTTP is for this machine only")

// prefixForm leaves room for "-checkpoints" in a bucket's 63 characters.
var prefixForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,49}[a-z0-9])?$`)

// ParseS3URL reads
//
//	s3://HOST[:PORT][/PREFIX][?region=REGION]        HTTPS
//	s3+http://HOST[:PORT][/PREFIX][?region=REGION]   HTTP; ErrPlain beyond loopback, unless plain is allowed
//
// Credentials in the URL are refused: URLs end up in logs and process lists.
func ParseS3URL(s string, allowPlain bool) (c S3Config, err error) {
	u, err := url.Parse(s)
	if err != nil {
		return c, errors.New("not an address of an S3 server") // url's own error repeats the address, with any secret in it
	}
	query := u.Query()
	c = S3Config{Host: u.Host, Region: defaultRegion}
	if query.Has("region") {
		c.Region = query.Get("region")
		query.Del("region")
	}
	if len(u.Path) > 1 {
		c.Prefix = u.Path[1:]
	}
	c.Plain = u.Scheme == "s3+http"
	switch {
	case u.User != nil:
		return S3Config{}, errors.New("credentials do not belong in the address")
	case u.Scheme != "s3" && !c.Plain, c.Host == "", u.Fragment != "", len(query) > 0, c.Region == "":
		return S3Config{}, fmt.Errorf("%q is not s3://HOST[:PORT][/PREFIX][?region=REGION]", s)
	case c.Prefix != "" && !prefixForm.MatchString(c.Prefix):
		return S3Config{}, fmt.Errorf("%q cannot begin a bucket's name", c.Prefix)
	case c.Plain && !allowPlain && !loopback(u.Hostname()):
		return S3Config{}, fmt.Errorf("%s: %w", c.Host, ErrPlain)
	}
	return c, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		// A name may resolve to anything, but for this one; see RFC 6761 6.3.
		return host == "localhost"
	}
	return net.IP(addr.AsSlice()).IsLoopback()
}
