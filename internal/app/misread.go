package app

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	noSetting = regexp.MustCompile(`^(line \d+): field (.*) not found in type .*$`)
	noFit     = regexp.MustCompile("(?s)^(line \\d+): cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.*)$")
)

// misread says what is wrong with a configuration file, in words for who wrote it:
// the reader of YAML speaks of the types of this program.
func misread(path string, err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%s: this is no YAML: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	all := make([]error, len(wrong.Errors))
	for i, said := range wrong.Errors {
		if m := noSetting.FindStringSubmatch(said); m != nil {
			said = fmt.Sprintf("%s: there is no setting %q here", m[1], m[2])
		} else if m := noFit.FindStringSubmatch(said); m != nil {
			has := map[string]string{"seq": "a list", "map": "settings", "null": "nothing"}[m[2]]
			if m[3] != "" {
				has = fmt.Sprintf("%q", m[3])
			}
			said = fmt.Sprintf("%s: here stands %s, and %s is meant", m[1], has, wanted(m[4]))
		}
		all[i] = fmt.Errorf("%s: %s", path, said)
	}
	return errors.Join(all...)
}

// wanted says what stands for a type in a file.
func wanted(of string) string {
	switch {
	case strings.HasPrefix(of, "[]"):
		return "a list"
	case of == "string":
		return "a text"
	case of == "bool":
		return "true or false"
	case strings.HasPrefix(of, "int"), strings.HasPrefix(of, "uint"), strings.HasPrefix(of, "float"):
		return "a number"
	}
	return "a group of settings"
}
