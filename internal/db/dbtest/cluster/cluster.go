package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// errNone is what a test says on a machine without PostgreSQL. It fails and
// never skips: what ran on one engine only is not known to work on two.
var errNone = errors.New("PostgreSQL 15 or newer is not installed (looked for initdb in /usr/lib/postgresql/*/bin and on the PATH); " +
	"on Debian: apt-get install -y --no-install-recommends postgresql; or let TAKEBACK_TEST_POSTGRES be the postgres:// URL of a server where tests may create databases")

// Cluster is a running server.
type Cluster struct {
	URL    string // of its database postgres, as a superuser
	folder string
	keeper *exec.Cmd
	alive  *os.File // our end of the keeper's pipe
}

// keep waits until the pipe is closed, then leaves nothing behind.
const keep = `cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2"`

// settings trade everything that outlives a test for speed.
const settings = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off " +
	"-c autovacuum=off -c max_connections=400 -c shared_buffers=64MB " +
	"-c wal_level=minimal -c max_wal_senders=0 -c min_wal_size=32MB -c max_wal_size=64MB"

// Start starts a server. It is stopped by Stop or by the end of this process.
func Start() (_ *Cluster, err error) {
	bin, err := find("/usr/lib/postgresql/*/bin", exec.LookPath)
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(room(), "tbpg")
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(folder, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir = folder
		// A group of its own: an interrupt from the keyboard is for the tests, not for the server under them.
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		return c
	}
	c := &Cluster{
		URL:    "postgres:///postgres?user=postgres&host=" + folder,
		folder: folder,
		keeper: command("sh", "-c", keep, "keep", bin, folder),
	}
	if err := c.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	// The collation is that of a language, as on most servers: an ORDER BY that
	// means bytes, as SQLite does, shows itself here and not at a customer's.
	for _, step := range []*exec.Cmd{
		command(filepath.Join(bin, "initdb"), "-D", folder+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
			"--no-sync", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
		command(filepath.Join(bin, "pg_ctl"), "-D", folder+"/data", "-l", folder+"/log", "-w", "-o", settings+" -k "+folder, "start"),
	} {
		if out, err := step.CombinedOutput(); err != nil {
			log, _ := os.ReadFile(folder + "/log") // absent if it did not get that far
			return nil, errors.Join(fmt.Errorf("%s: %w\n%s%s", filepath.Base(step.Path), err, out, log), c.Stop())
		}
	}
	return c, nil
}

// room gives the folder to put servers in: in memory if there is plenty, because
// a database is 300 files and every test makes one. Never TMPDIR: the path of a socket has to be short.
func room() string {
	const memory, plenty = "/dev/shm", 2 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(memory, &s); err != nil || uint64(s.Bavail)*uint64(s.Bsize) < plenty {
		return "/tmp"
	}
	return memory
}

// watch starts the keeper.
func (c *Cluster) watch() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	c.keeper.Stdin, c.alive = theirs, ours
	return c.keeper.Start()
}

// Stop stops the server, removes its folder and waits for both.
func (c *Cluster) Stop() error {
	return errors.Join(c.alive.Close(), c.keeper.Wait())
}

// find gives the folder with the programs of the newest PostgreSQL in the
// folders that match pattern, or else of the one that look finds.
func find(pattern string, look func(string) (string, error)) (string, error) {
	folders, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	best, newest := "", 0
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if err == nil && version > newest {
			best, newest = folder, version
		}
	}
	if newest >= 15 {
		return best, nil
	}
	path, err := look("initdb")
	if err != nil {
		return "", errNone
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// unprivileged gives the user to run the server as: initdb refuses to be root.
// nil means: whoever we are.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody")
}
