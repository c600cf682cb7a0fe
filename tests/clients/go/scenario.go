// The scenario of ../scenario.json with the Go client that oapi-codegen makes.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"example.invalid/posthog-groups-go-client-test/posthog"
	"github.com/google/uuid"
)

const (
	project = "@current"
	person  = "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11"
)

type object = map[string]any

var (
	ctx      = context.Background()
	base     string
	scenario struct {
		World object            `json:"world"`
		Eras  map[string]object `json:"eras"`
	}
	all, reader, stranger *posthog.ClientWithResponses
)

// A step that fails panics with this; the loop in main catches it.
type failure string

func check(err error) {
	if err != nil {
		panic(failure(err.Error()))
	}
}

func same(got, wanted any) {
	if !reflect.DeepEqual(got, wanted) {
		panic(failure(fmt.Sprintf("%#v instead of %#v", got, wanted)))
	}
}

// value is what a pointer leads to; a nil pointer fails the step.
func value[T any](pointer *T) T {
	if pointer == nil {
		panic(failure(fmt.Sprintf("no %T", pointer)))
	}
	return *pointer
}

func client(key string) *posthog.ClientWithResponses {
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
	made, err := posthog.NewClientWithResponses(base, posthog.WithRequestEditorFn(authorize))
	check(err)
	return made
}

func admin(method, what string, document any) {
	body, err := json.Marshal(document)
	check(err)
	request, err := http.NewRequest(method, base+"/__admin/"+what, bytes.NewReader(body))
	check(err)
	response, err := http.DefaultClient.Do(request)
	check(err)
	check(response.Body.Close())
	same(response.StatusCode, http.StatusNoContent)
}

func world(era string, more object) {
	document := object{}
	for _, part := range []object{scenario.World, scenario.Eras[era], more} {
		for name, member := range part {
			document[name] = member
		}
	}
	admin(http.MethodPut, "state", document)
}

// kind, code, detail and attr of an error that must be there; every documented error has the same type.
type told struct{ kind, code, detail, attr string }

func refused(status, wanted int, members told, errors ...*posthog.Error) {
	same(status, wanted)
	for _, e := range errors {
		if e == nil {
			continue
		}
		attr := "null"
		if e.Attr != nil {
			attr = *e.Attr
		}
		for _, pair := range [][2]string{
			{members.kind, e.Type}, {members.code, e.Code}, {members.detail, e.Detail}, {members.attr, attr},
		} {
			if pair[0] != "" {
				same(pair[1], pair[0])
			}
		}
		return
	}
	panic(failure("no decoded error"))
}

func find(key string, by *posthog.ClientWithResponses) *posthog.FindGroupResponse {
	skip := true
	params := &posthog.FindGroupParams{GroupTypeIndex: 0, GroupKey: key, SkipCreateNotebook: &skip}
	response, err := by.FindGroupWithResponse(ctx, project, params)
	check(err)
	return response
}

func findRefused(response *posthog.FindGroupResponse, status int, members told) {
	refused(response.StatusCode(), status, members,
		response.JSON400, response.JSON401, response.JSON403, response.JSON404, response.JSON429, response.JSON4XX, response.JSON5XX)
}

func list(params posthog.ListGroupsParams) posthog.GroupPage {
	response, err := all.ListGroupsWithResponse(ctx, project, &params)
	check(err)
	return value(response.JSON200)
}

func keys(page posthog.GroupPage) []string {
	var found []string
	for _, group := range page.Results {
		found = append(found, group.GroupKey)
	}
	return found
}

func create(key string, properties *object) *posthog.CreateGroupResponse {
	body := posthog.CreateGroupRequest{GroupTypeIndex: 0, GroupKey: key, GroupProperties: properties}
	response, err := all.CreateGroupWithResponse(ctx, project, body)
	check(err)
	return response
}

func update(key, name string, to any, by *posthog.ClientWithResponses) *posthog.UpdatePropertyResponse {
	params := &posthog.UpdatePropertyParams{GroupTypeIndex: 0, GroupKey: key}
	response, err := by.UpdatePropertyWithResponse(ctx, project, params, posthog.UpdatePropertyRequest{Key: name, Value: to})
	check(err)
	return response
}

func unset(key, name string) *posthog.DeletePropertyResponse {
	params := &posthog.DeletePropertyParams{GroupTypeIndex: 0, GroupKey: key}
	response, err := all.DeletePropertyWithResponse(ctx, project, params, posthog.DeletePropertyRequest{Unset: name})
	check(err)
	return response
}

func activity(page int) posthog.ActivityPage {
	limit := 2
	params := &posthog.ListActivityParams{GroupTypeIndex: 0, GroupKey: "acct_2", Limit: &limit, Page: &page}
	response, err := all.ListActivityWithResponse(ctx, project, params)
	check(err)
	return value(response.JSON200)
}

func related(index *int, id string) []any {
	response, err := all.ListRelatedWithResponse(ctx, project, &posthog.ListRelatedParams{GroupTypeIndex: index, Id: id})
	check(err)
	var actors []any
	for _, actor := range value(response.JSON200) {
		one, err := actor.ValueByDiscriminator()
		check(err)
		actors = append(actors, one)
	}
	return actors
}

func counts(items []posthog.PropertyValueCount) []string {
	var found []string
	for _, item := range items {
		found = append(found, fmt.Sprintf("%s %d", item.Name, value(item.Count)))
	}
	return found
}

var noEndpoint = told{"invalid_request", "not_found", "Endpoint not found.", "null"}

var steps = []struct {
	name string
	take func(era string)
}{
	{"list_groups: three pages", func(string) {
		var pages [][]string
		var cursor *string
		for len(pages) < 9 {
			page := list(posthog.ListGroupsParams{GroupTypeIndex: 0, Cursor: cursor})
			pages = append(pages, keys(page))
			if page.Next == nil {
				break
			}
			next, err := url.Parse(*page.Next)
			check(err)
			text := next.Query().Get("cursor")
			cursor = &text
		}
		same(pages, [][]string{{"acct_7", "acct_6", "acct_5"}, {"acct_4", "acct_3", "acct_2"}, {"acct_1"}})
	}},
	{"list_groups: search", func(string) {
		text := "gREY wag"
		page := list(posthog.ListGroupsParams{GroupTypeIndex: 0, Search: &text})
		same(keys(page), []string{"acct_3"})
		same(page.Next == nil, true)
	}},
	{"create_group: created, then found as it was sent", func(string) {
		properties := object{"name": "Zaunkönig & Söhne", "nested": object{"a": []any{1.0, nil, true}}, "none": nil}
		created := value(create("org:9/ä b", &properties).JSON201)
		same(created.GroupProperties, posthog.Properties(properties))
		found := value(find("org:9/ä b", all).JSON200)
		same(found.GroupProperties, posthog.Properties(properties))
		same(found.CreatedAt.Equal(time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)), true)
	}},
	{"create_group: the key is taken, 400", func(string) {
		response := create("acct_1", nil)
		members := told{"validation_error", "invalid_input", "A group with this key already exists", "detail"}
		refused(response.StatusCode(), 400, members, response.JSON400)
	}},
	{"find_group: a group and its notebook", func(era string) {
		group := value(find("acct_1", all).JSON200)
		same(group.GroupTypeIndex, 0)
		same(group.GroupProperties, posthog.Properties{"name": "Blue Heron", "plan": "scale", "seats": 7.0})
		same(value(group.Notebook), "nb5GkQ2a")
		// Servers of 2025 do not know `skip_create_notebook` yet, and write.
		same(value(find("acct_2", all).JSON200).Notebook == nil, era == "2026")
	}},
	{"find_group: no such group, 404", func(string) {
		findRefused(find("acct_99", all), 404, told{"invalid_request", "not_found", "Not found.", "null"})
	}},
	{"update_property: the whole group comes back", func(string) {
		for _, to := range []any{57.0, "", 0.0, false, []any{}, object{"deep": []any{nil}}} {
			group := value(update("acct_1", "seats", to, all).JSON200)
			same(group.GroupProperties, posthog.Properties{"name": "Blue Heron", "plan": "scale", "seats": to})
		}
	}},
	{"delete_property: the whole group comes back", func(string) {
		group := value(unset("acct_2", "seats").JSON200)
		same(group.GroupProperties, posthog.Properties{"name": "Red Kite", "plan": "scale"})
	}},
	{"delete_property: gone already, 500 in 2025, 400 in 2026", func(era string) {
		response := unset("acct_1", "no such name")
		if era == "2025" {
			refused(response.StatusCode(), 500, told{kind: "server_error", code: "error", attr: "null"}, response.JSON5XX)
		} else {
			refused(response.StatusCode(), 400, told{code: "invalid_input", attr: "$unset"}, response.JSON400)
		}
	}},
	{"upsert_properties: merged in the window of 2025, no such endpoint in 2026", func(era string) {
		params := &posthog.UpsertPropertiesParams{GroupTypeIndex: 0, GroupKey: "acct_4"}
		body := posthog.Properties{"plan": "free", "tags": []any{"new"}}
		response, err := all.UpsertPropertiesWithResponse(ctx, project, params, body)
		check(err)
		if era == "2026" {
			refused(response.StatusCode(), 404, noEndpoint, response.JSON404)
			return
		}
		merged := posthog.Properties{"name": "Black Swift", "plan": "free", "seats": 28.0, "tags": []any{"new"}}
		same(value(response.JSON200).GroupProperties, merged)
	}},
	{"list_activity: two pages", func(era string) {
		first, second := activity(1), activity(2)
		same(first.TotalCount, 3)
		same([]bool{first.Next == nil, second.Next == nil, second.Previous == nil}, []bool{false, true, false})
		var after []any
		for _, entry := range first.Results {
			after = append(after, value(entry.Detail.Changes)[0].After)
		}
		same(after, []any{"plan 2", "plan 1"})
		oldest := second.Results[0]
		same(value(oldest.User.IsSystem), true)
		same(oldest.User.Email == nil, true)
		same(value(oldest.Detail.Name), "plan")
		same(oldest.Id == nil, era == "2025")
	}},
	{"list_property_definitions: by type in 2025, no such endpoint in 2026", func(era string) {
		response, err := all.ListPropertyDefinitionsWithResponse(ctx, project)
		check(err)
		if era == "2026" {
			refused(response.StatusCode(), 404, noEndpoint, response.JSON404)
			return
		}
		same(value(response.JSON200), posthog.PropertyDefinitions{
			"0": {{Name: "name", Count: 7}, {Name: "plan", Count: 7}, {Name: "seats", Count: 7}},
			"1": {{Name: "name", Count: 1}},
		})
	}},
	{"list_property_values: a list in 2025, an envelope in 2026", func(era string) {
		params := &posthog.ListPropertyValuesParams{GroupTypeIndex: 0, Key: "plan"}
		response, err := all.ListPropertyValuesWithResponse(ctx, project, params)
		check(err)
		values := value(response.JSON200)
		page, pageErr := values.AsPropertyValuePage()
		items, listErr := values.AsPropertyValueList()
		same([]bool{listErr == nil, pageErr == nil}, []bool{era == "2025", era == "2026"})
		if pageErr == nil {
			items = page.Results
		}
		same(counts(items), []string{"scale 4", "free 2", "trial 1"})
	}},
	{"list_related: a group's persons and groups", func(era string) {
		index := 0
		actors := related(&index, "acct_1")
		same(len(actors), 2)
		someone, isPerson := actors[0].(posthog.RelatedPerson)
		group, isGroup := actors[1].(posthog.RelatedGroup)
		same([]bool{isPerson, isGroup}, []bool{true, true})
		same(someone.Uuid, uuid.MustParse(person))
		same(len(someone.DistinctIds), 2)
		same(value(someone.IsIdentified), true)
		same(someone.LastSeenAt == nil, true)
		same([]any{group.GroupKey, group.GroupTypeIndex, group.Properties["name"]}, []any{"harbor-web", 1, "Harbor"})
	}},
	{"list_related: a person's groups", func(string) {
		var found []string
		for _, actor := range related(nil, person) {
			group, isGroup := actor.(posthog.RelatedGroup)
			same(isGroup, true)
			found = append(found, string(group.Type)+" "+group.Id)
		}
		same(found, []string{"group acct_1", "group harbor-web"})
	}},
	{"list_group_types: names by index", func(string) {
		response, err := all.ListGroupTypesWithResponse(ctx, project)
		check(err)
		types := value(response.JSON200)
		same(len(types), 2)
		same([]any{types[0].GroupTypeIndex, types[0].GroupType, value(types[0].NameSingular)}, []any{0, "account", "Account"})
		same([]any{types[1].GroupTypeIndex, types[1].GroupType, types[1].NameSingular == nil}, []any{1, "workspace", true})
	}},
	{"error 401: unknown key", func(string) {
		detail := "Personal API key found in request Authorization header is invalid."
		findRefused(find("acct_1", stranger), 401, told{"authentication_error", "authentication_failed", detail, "null"})
	}},
	{"error 403: scope missing", func(string) {
		response := update("acct_1", "plan", "free", reader)
		members := told{code: "permission_denied", detail: "API key missing required scope 'group:write'"}
		refused(response.StatusCode(), 403, members, response.JSON403)
	}},
	{"error 405: method not allowed", func(string) {
		body := object{"type": "invalid_request", "code": "method_not_allowed", "detail": `Method "GET" not allowed.`, "attr": nil}
		admin(http.MethodPost, "faults", []object{{"kind": "http", "status": 405, "body": body}})
		findRefused(find("acct_1", all), 405, told{code: "method_not_allowed", attr: "null"})
	}},
	{"error 429: Retry-After", func(era string) {
		world(era, object{"rate_limit": object{"limit": 1, "window_s": 60}})
		value(find("acct_1", all).JSON200)
		response := find("acct_1", all)
		findRefused(response, 429, told{kind: "throttled_error", code: "throttled"})
		// The header is in the spec, so it has a type.
		seconds := value(value(response.Headers429).RetryAfter)
		same(seconds >= 1 && seconds <= 60, true)
	}},
	{"error 500: the server's own", func(string) {
		admin(http.MethodPost, "faults", []object{{"kind": "crash"}})
		findRefused(find("acct_1", all), 500, told{"server_error", "error", "A server error occurred.", "null"})
	}},
	{"error 502: the HTML of a proxy", func(string) {
		admin(http.MethodPost, "faults", []object{{"kind": "http", "status": 502}})
		response := find("acct_1", all)
		same(response.StatusCode(), 502)
		same(strings.HasPrefix(response.HTTPResponse.Header.Get("Content-Type"), "text/html"), true)
		same(strings.Contains(string(response.Body), "<html>"), true)
	}},
	{"error 503: Retry-After", func(string) {
		body := object{"type": "server_error", "code": "database_unavailable", "detail": "Try again.", "attr": nil}
		headers := object{"Retry-After": "1"}
		admin(http.MethodPost, "faults", []object{{"kind": "http", "status": 503, "headers": headers, "body": body}})
		response := find("acct_1", all)
		findRefused(response, 503, told{code: "database_unavailable"})
		same(value(value(response.Headers5XX).RetryAfter), 1)
	}},
}

// run takes a step in the world that every step starts from, and says why it failed.
func run(era string, take func(string)) (why string) {
	defer func() {
		if caught := recover(); caught != nil {
			why = strings.ReplaceAll(fmt.Sprint(caught), "\n", " ")
		}
	}()
	world(era, nil)
	take(era)
	return ""
}

func main() {
	base = os.Args[1]
	text, err := os.ReadFile(os.Args[2])
	check(err)
	check(json.Unmarshal(text, &scenario))
	all, reader, stranger = client("phx_all"), client("phx_reader"), client("phx_stranger")
	passed, failed := 0, 0
	for _, era := range []string{"2025", "2026"} {
		for _, step := range steps {
			if why := run(era, step.take); why != "" {
				failed++
				fmt.Printf("FAIL %s %s | %s\n", era, step.name, why)
			} else {
				passed++
				fmt.Printf("ok   %s %s\n", era, step.name)
			}
		}
	}
	fmt.Printf("go: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
