package objects_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
)

func TestParseS3URL(t *testing.T) {
	for url, want := range map[string]objects.S3Config{
		"s3://s3.example.org":                              {Host: "s3.example.org", Region: "us-east-1"},
		"s3://s3.example.org:9000/northfield":              {Host: "s3.example.org:9000", Region: "us-east-1", Prefix: "northfield"},
		"s3://s3.eu-west-2.amazonaws.com?region=eu-west-2": {Host: "s3.eu-west-2.amazonaws.com", Region: "eu-west-2"},
		"s3+http://127.0.0.1:9000":                         {Host: "127.0.0.1:9000", Region: "us-east-1", Plain: true},
		"s3+http://[::1]:9000":                             {Host: "[::1]:9000", Region: "us-east-1", Plain: true},
	} {
		got, err := objects.ParseS3URL(url, false)
		if err != nil || got != want {
			t.Errorf("%s = %+v, %v; want %+v", url, got, err, want)
		}
		if got.String() != url {
			t.Errorf("%s is written as %s", url, got)
		}
	}
}

func TestParseS3URLRefused(t *testing.T) {
	for _, url := range []string{
		"", "s3://", "https://s3.example.org", "s3://host/UPPER", "s3://host/a/b", "s3://host/-", "s3://host?region=",
		"s3://host?tls=off", "s3://host#x", "s3://host/" + strings.Repeat("a", 60),
		"s3+http://192.0.2.1:9000", "s3+http://minio:9000", "s3+http://127.0.0.1.example.org",
	} {
		if got, err := objects.ParseS3URL(url, false); err == nil {
			t.Errorf("%q = %+v, want an error", url, got)
		}
	}
	for _, url := range []string{"s3://key:hunter2@host", "s3://key:hunter2@host:port%zz"} {
		_, err := objects.ParseS3URL(url, false)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error = %v, want one that keeps the secret", url, err)
		}
	}
}

func TestPlainHTTPBeyondThisMachine(t *testing.T) {
	if _, err := objects.ParseS3URL("s3+http://minio:9000", false); !errors.Is(err, objects.ErrPlain) {
		t.Errorf("error = %v, want %v", err, objects.ErrPlain)
	}
	if cfg, err := objects.ParseS3URL("s3+http://minio:9000", true); err != nil || !cfg.Plain {
		t.Errorf("allowed = %+v, %v", cfg, err)
	}
}
