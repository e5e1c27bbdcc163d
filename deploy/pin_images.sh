#!/bin/sh
# Writes the digest of each image into images.env, next to this script. Needs docker with buildx and the registry.
#
#     deploy/pin_images.sh
#     docker build -f deploy/Dockerfile --build-arg "$(grep ^PYTHON_IMAGE= deploy/images.env)" -t mitmgate .
#     docker compose --env-file deploy/images.env -f deploy/compose.yaml up -d --build
set -eu
file=$(dirname "$0")/images.env
new=$file.new
trap 'rm -f "$new"' EXIT
while IFS= read -r line; do
    case $line in
    *_IMAGE=*)
        name=${line%%=*}
        image=${line#*=}
        image=${image%%@*}
        digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
        case $digest in
        sha256:*) line=$name=$image@$digest ;;
        *)
            echo "pin_images.sh: the registry named no digest for $image" >&2
            exit 1
            ;;
        esac
        echo "$line"
        ;;
    esac
    printf '%s\n' "$line" >>"$new"
done <"$file"
mv "$new" "$file"
