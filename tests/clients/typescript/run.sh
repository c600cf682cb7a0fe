# Sourced by ../run.sh.
cp "$here"/typescript/{package.json,package-lock.json,tsconfig.json,adapter.ts} "$work"
cd "$work"
if ! cmp -s package-lock.json node_modules/installed.json; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/installed.json
fi
for folder in generated again; do
    rm -rf "$folder"
    node_modules/.bin/openapi-typescript "$spec" --output "$folder/schema.d.ts" >/dev/null
done
same_bytes generated again
node_modules/.bin/tsc --project .
echo "typescript: tsc --strict: no errors"
conforms node built/adapter.js "$workspace/spec/openapi.json"
