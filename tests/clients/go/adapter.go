// The adapter of the conformance kit for the Go client that oapi-codegen makes.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"

	"example.invalid/posthog-groups-go-client-test/posthog"
)

// A call as the kit writes it: arguments named as in the spec.
type call struct {
	URL       string          `json:"url"`
	Key       string          `json:"key"`
	Operation string          `json:"operation"`
	Arguments json.RawMessage `json:"arguments"`
	Body      json.RawMessage `json:"body"`
}

type object = map[string]any

var ctx = context.Background()

const project = "@current"

// in decodes JSON into a type of the generated code, whose members have the names of the spec.
func in[T any](text json.RawMessage) T {
	var made T
	if err := json.Unmarshal(text, &made); err != nil {
		fmt.Fprintln(os.Stderr, "the call cannot be read:", err)
		os.Exit(2)
	}
	return made
}

func client(url, key string) (*posthog.ClientWithResponses, error) {
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
	return posthog.NewClientWithResponses(url, posthog.WithRequestEditorFn(authorize))
}

// conclusion makes one of what the generated code decoded: a success, a documented error, or the text of another answer.
func conclusion[T any](response *T, err error) object {
	if err != nil {
		return object{"error": object{"status": nil, "body": err.Error()}}
	}
	answer := reflect.ValueOf(response).Elem()
	received := answer.FieldByName("HTTPResponse").Interface().(*http.Response)
	failure := object{
		"status":       received.StatusCode,
		"body":         string(answer.FieldByName("Body").Bytes()),
		"content_type": received.Header.Get("Content-Type"),
	}
	for i := range answer.NumField() {
		name, field := answer.Type().Field(i).Name, answer.Field(i)
		switch {
		case field.Kind() != reflect.Pointer || field.IsNil():
		case strings.HasPrefix(name, "JSON2"):
			decoded, err := told(field.Interface())
			if err != nil {
				return object{"error": object{"status": received.StatusCode, "body": err.Error()}}
			}
			return object{"ok": decoded, "status": received.StatusCode}
		case strings.HasPrefix(name, "JSON"):
			failure["body"] = field.Interface().(*posthog.Error)
		case strings.HasPrefix(name, "Headers"):
			// The header is in the spec, so it has a type.
			if wait := field.Elem().FieldByName("RetryAfter"); wait.IsValid() {
				failure["retry_after"] = wait.Interface()
			}
		}
	}
	return object{"error": failure}
}

// told takes unions apart, with the means of the generated code.
func told(decoded any) (any, error) {
	switch union := decoded.(type) {
	case *posthog.PropertyValues:
		if page, err := union.AsPropertyValuePage(); err == nil {
			return page, nil
		}
		return union.AsPropertyValueList()
	case *[]posthog.RelatedActor:
		actors := []any{}
		for _, actor := range *union {
			one, err := actor.ValueByDiscriminator()
			if err != nil {
				return nil, err
			}
			actors = append(actors, one)
		}
		return actors, nil
	}
	return decoded, nil
}

func conclude(made call) object {
	by, err := client(made.URL, made.Key)
	if err != nil {
		return conclusion[any](nil, err)
	}
	switch made.Operation {
	case "list_groups":
		params := in[posthog.ListGroupsParams](made.Arguments)
		return conclusion(by.ListGroupsWithResponse(ctx, project, &params))
	case "create_group":
		return conclusion(by.CreateGroupWithResponse(ctx, project, in[posthog.CreateGroupRequest](made.Body)))
	case "find_group":
		params := in[posthog.FindGroupParams](made.Arguments)
		return conclusion(by.FindGroupWithResponse(ctx, project, &params))
	case "update_property":
		params, body := in[posthog.UpdatePropertyParams](made.Arguments), in[posthog.UpdatePropertyRequest](made.Body)
		return conclusion(by.UpdatePropertyWithResponse(ctx, project, &params, body))
	case "delete_property":
		params, body := in[posthog.DeletePropertyParams](made.Arguments), in[posthog.DeletePropertyRequest](made.Body)
		return conclusion(by.DeletePropertyWithResponse(ctx, project, &params, body))
	case "upsert_properties":
		params, body := in[posthog.UpsertPropertiesParams](made.Arguments), in[posthog.Properties](made.Body)
		return conclusion(by.UpsertPropertiesWithResponse(ctx, project, &params, body))
	case "list_activity":
		params := in[posthog.ListActivityParams](made.Arguments)
		return conclusion(by.ListActivityWithResponse(ctx, project, &params))
	case "list_related":
		params := in[posthog.ListRelatedParams](made.Arguments)
		return conclusion(by.ListRelatedWithResponse(ctx, project, &params))
	case "list_property_values":
		params := in[posthog.ListPropertyValuesParams](made.Arguments)
		return conclusion(by.ListPropertyValuesWithResponse(ctx, project, &params))
	case "list_property_definitions":
		return conclusion(by.ListPropertyDefinitionsWithResponse(ctx, project))
	case "list_group_types":
		return conclusion(by.ListGroupTypesWithResponse(ctx, project))
	}
	return object{"unsupported": true}
}

func main() {
	calls, conclusions := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var made call
		err := calls.Decode(&made)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = conclusions.Encode(conclude(made))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}
