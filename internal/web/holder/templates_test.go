package holder

import (
	"testing"

	"takeback/internal/web/webtest"
)

func TestEveryTemplateFitsItsView(t *testing.T) { webtest.Templates(t, pages) }

func TestBothLanguagesSayTheSame(t *testing.T) { webtest.Words(t, pages) }
