package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	c, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("unix", c.folder+"/.s.PGSQL.5432"); err != nil {
		t.Errorf("nobody listens: %v", err)
	} else {
		conn.Close()
	}
	if err := c.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if _, err := os.Stat(c.folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stop left %s behind (%v)", c.folder, err)
	}
}

// TestKilled kills a process that has started a server and expects the keeper
// to clean up after it: the test runs itself again as that process.
func TestKilled(t *testing.T) {
	if os.Getenv("CLUSTER_TEST_VICTIM") != "" {
		c, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("folder", c.folder)
		select {} // until killed
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	victim.Env = append(os.Environ(), "CLUSTER_TEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var folder string
	for lines := bufio.NewScanner(out); folder == "" && lines.Scan(); {
		folder, _ = strings.CutPrefix(lines.Text(), "folder ")
	}
	if folder == "" {
		t.Fatal("the victim started no server")
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	deadline := time.Now().Add(30 * time.Second)
	for {
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", folder)
		}
		time.Sleep(20 * time.Millisecond) // the keeper belongs to nobody now: there is nothing to wait for but the folder
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	none := func(string) (string, error) { return "", exec.ErrNotFound }
	installed := t.TempDir()
	for _, version := range []string{"9.6", "14", "15", "17"} {
		if err := os.MkdirAll(filepath.Join(installed, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the newest is taken", func(t *testing.T) {
		got, err := find(installed+"/*/bin", none)
		if want := filepath.Join(installed, "17", "bin"); got != want || err != nil {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	})
	t.Run("too old a one counts for nothing", func(t *testing.T) {
		if got, err := find(installed+"/14/bin", none); err == nil {
			t.Errorf("got %s", got)
		}
	})
	t.Run("without one the test says what to install", func(t *testing.T) {
		_, err := find(installed+"/none/*", none)
		if err == nil || !strings.Contains(err.Error(), "apt-get install") {
			t.Errorf("got %v", err)
		}
	})
}
