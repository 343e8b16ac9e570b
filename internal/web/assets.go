package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

// assetSums are the hashes of our files, by name. They are part of the
// addresses, so that a browser keeps a file for ever and still gets the next one.
var assetSums = func() map[string]string {
	sums := map[string]string{}
	for _, f := range must(fs.ReadDir(assets, "assets")) {
		sum := sha256.Sum256(must(assets.ReadFile("assets/" + f.Name())))
		sums[f.Name()] = hex.EncodeToString(sum[:6])
	}
	return sums
}()

func assetURL(name string) string { return "/assets/" + name + "?v=" + assetSums[name] }

// Assets serves the style, the script and the icon, to be mounted at "/assets/".
func Assets() http.Handler {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), r.TLS != nil)
		name := strings.TrimPrefix(r.URL.Path, "/assets/")
		sum, ok := assetSums[name]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == sum {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		w.Header().Set("ETag", `"`+sum+`"`)
		if t := types[path.Ext(name)]; t != "" {
			w.Header().Set("Content-Type", t)
		} else {
			w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		}
		http.ServeFileFS(w, r, assets, "assets/"+name)
	})
}
