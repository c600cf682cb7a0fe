# Sourced by ../run.sh.
cp "$here"/go/{go.mod,go.sum,adapter.go} "$work"
cd "$work"
# Use the installed Go and the modules in go.sum, and nothing newer.
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly
rm -rf posthog again
for folder in posthog again; do
    mkdir "$folder"
    go tool oapi-codegen -config "$here/go/oapi-codegen.yaml" -o "$folder/posthog.go" "$spec"
done
same_bytes posthog again
rm -rf again
go vet ./...
echo "go: go vet: no findings"
go build -o adapter .
conforms ./adapter
