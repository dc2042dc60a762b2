package objects

import (
	"errors"
	"fmt"
	"testing"

	"github.com/minio/minio-go/v7"
)

// What an S3 server says without room is told apart from a fault: the device keeps
// what it has and comes back.
func TestS3WithoutRoom(t *testing.T) {
	for _, code := range []string{"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage", "QuotaExceeded"} {
		if err := translate(minio.ErrorResponse{Code: code, StatusCode: 507}); !errors.Is(err, ErrFull) {
			t.Errorf("%s: %v, want ErrFull", code, err)
		}
	}
	if err := translate(fmt.Errorf("dial: %w", errors.New("refused"))); errors.Is(err, ErrFull) {
		t.Error("a server that is not there has no room")
	}
}
