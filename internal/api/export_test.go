package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Describe gives the description that the handler serves, for tests that hold answers against it.
func (a *API) Describe() huma.API { return a.mount(http.NewServeMux()) }
