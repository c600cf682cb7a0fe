// The adapter of the conformance kit for the Go client that oapi-codegen generates.
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

// A call of the kit, with the argument names of the specification.
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

func client(url, key string) (*posthog.ClientWithResponses, error) {
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
	return posthog.NewClientWithResponses(url, posthog.WithRequestEditorFn(authorize))
}

// conclusion converts a decoded response: a success, a documented error, or the text of any other response.
func conclusion(response reflect.Value, err error) object {
	if err != nil {
		return object{"error": object{"status": nil, "body": err.Error()}}
	}
	answer := response.Elem()
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
			decoded, err := decodedUnion(field.Interface())
			if err != nil {
				return object{"error": object{"status": received.StatusCode, "body": err.Error()}}
			}
			return object{"ok": decoded, "status": received.StatusCode}
		case strings.HasPrefix(name, "JSON"):
			failure["body"] = field.Interface().(*posthog.Error)
		case strings.HasPrefix(name, "Headers"):
			// The header is part of the specification, so it has a typed field.
			if wait := field.Elem().FieldByName("RetryAfter"); wait.IsValid() {
				failure["retry_after"] = wait.Interface()
			}
		}
	}
	return object{"error": failure}
}

// decodedUnion decodes unions with the methods of the generated code.
func decodedUnion(decoded any) (any, error) {
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
		return conclusion(reflect.Value{}, err)
	}
	method := reflect.ValueOf(by).MethodByName(methodName(made.Operation))
	if !method.IsValid() {
		return object{"unsupported": true}
	}
	results := method.Call(inputs(method.Type(), made))
	err, _ = results[1].Interface().(error)
	return conclusion(results[0], err)
}

// methodName is the name of the generated method: `ListGroupsWithResponse` for `list_groups`.
func methodName(operation string) string {
	var name strings.Builder
	for _, word := range strings.Split(operation, "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String() + "WithResponse"
}

// inputs decodes the inputs of a generated method by their types: the context, the project, the pointer to the parameters if there
// are any, and the body if there is one. Their fields have the names of the specification.
func inputs(method reflect.Type, made call) []reflect.Value {
	values := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(project)}
	for i := 2; i < method.NumIn()-1; i++ {
		text, input := made.Body, method.In(i)
		if input.Kind() == reflect.Pointer {
			text = made.Arguments
		}
		value := reflect.New(input)
		if err := json.Unmarshal(text, value.Interface()); err != nil {
			fmt.Fprintln(os.Stderr, "the call cannot be read:", err)
			os.Exit(2)
		}
		values = append(values, value.Elem())
	}
	return values
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
