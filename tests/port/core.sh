# core.sh - what the scripts share that compile the core for another system. Sourced in the source directory.

core_files() { # PLATFORM: all of them, with its source of randomness, without ipsec-mb
    local file
    for file in libdtls/error.c libdtls/{bytes,crypto,identity,messages,record,handshake,conn,endpoint}/*.c; do
        [[ $file == */aead_gcm_ipsec.c || ($file == */random_*.c && $file != */random_$1.c) ]] || echo "$file"
    done
}

nettle_headers() { # DIRECTORY: nettle's and gmp's alone, without the system's around them
    mkdir "$1"
    cp -r "$(pkg-config --variable=includedir nettle)/nettle" "$1"
    echo '#include <gmp.h>' | ${CC:-cc} -E - | sed -n 's/^# 1 "\(.*\/gmp\.h\)".*/\1/p' | head -n 1 | xargs cp -t "$1"
}
