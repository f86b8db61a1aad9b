// Says what an API server says of custom resources, for the tests: lines of {"schema", "value", "minor"} come in,
// and for each a line of the fields that it refuses, in the steps in which the server takes them.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/version"
)

type question struct {
	Schema json.RawMessage `json:"schema"`
	Value  json.RawMessage `json:"value"`
	Minor  string          `json:"minor"`
}

type answer struct {
	// Why the definition itself is refused.
	Definition string   `json:"definition,omitempty"`
	Errors     []string `json:"errors"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		line, _ := json.Marshal(ask(asked))
		out.Write(line)
		out.WriteByte('\n')
	}
}

func ask(asked question) answer {
	external := &v1.JSONSchemaProps{}
	if err := json.Unmarshal(asked.Schema, external); err != nil {
		return answer{Definition: err.Error()}
	}
	internal := &apiextensions.JSONSchemaProps{}
	if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(external, internal, nil); err != nil {
		return answer{Definition: err.Error()}
	}
	structural, err := schema.NewStructural(internal)
	if err != nil {
		return answer{Definition: err.Error()}
	}
	if errs := schema.ValidateStructural(nil, structural); len(errs) > 0 {
		return answer{Definition: errs.ToAggregate().Error()}
	}
	validator, _, err := validation.NewSchemaValidatorForVersion(internal, version.MustParseGeneric(asked.Minor))
	if err != nil {
		return answer{Definition: err.Error()}
	}
	// As the server decodes it: whole numbers are integers.
	value := map[string]interface{}{}
	if err := utiljson.Unmarshal(asked.Value, &value); err != nil {
		return answer{Errors: []string{err.Error()}}
	}
	said := []string{}
	unknown := pruning.PruneWithOptions(value, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(value, structural)
	failed, ofMetadata := objectmeta.CoerceWithOptions(nil, value, structural, true, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if failed != nil {
		return answer{Errors: []string{failed.Error()}}
	}
	for _, path := range append(unknown, ofMetadata...) {
		said = append(said, path+": unknown field")
	}
	defaulting.Default(value, structural)
	errs := validation.ValidateCustomResource(nil, value, validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, structural, value)...)
	errs = append(errs, objectmeta.Validate(context.Background(), nil, value, structural, true)...)
	for _, each := range errs {
		said = append(said, each.Error())
	}
	return answer{Errors: said}
}
