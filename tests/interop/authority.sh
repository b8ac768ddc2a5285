# authority.sh - a small authority for the scripts, made with openssl: certificates, CRLs and OCSP responses in $ca.
# Sourced after tap.sh.

ca=$room/ca
mkdir "$ca"

quietly() { # COMMAND...
    "$@" >>"$ca/log" 2>&1 || { sed 's/^/# /' "$ca/log"; return 1; }
}

key_of() { # NAME
    [ -e "$ca/$1.key" ] || quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$ca/$1.key"
}

# NAME.pem and NAME.key; EXTENSIONS are lines of openssl's, "\n" between them. Serial numbers count from 1000.
serial=4096
certify() { # NAME ISSUER EXTENSIONS [DAYS]
    local name=$1 issuer=$2
    serial=$((serial + 1))
    key_of "$name" || return 1
    printf "subjectKeyIdentifier=hash\n$3\n" >"$ca/$name.ext"
    quietly openssl req -new -key "$ca/$name.key" -subj "/CN=$name" -out "$ca/$name.csr" || return 1
    if [ "$issuer" = "$name" ]; then
        quietly openssl x509 -req -in "$ca/$name.csr" -signkey "$ca/$name.key" -set_serial $serial \
            -days "${4:-30}" -extfile "$ca/$name.ext" -out "$ca/$name.pem"
    else
        quietly openssl x509 -req -in "$ca/$name.csr" -CA "$ca/$issuer.pem" -CAkey "$ca/$issuer.key" \
            -set_serial $serial -days "${4:-30}" -extfile "$ca/$name.ext" -out "$ca/$name.pem"
    fi
}

certify_authority() { # NAME ISSUER
    certify "$1" "$2" 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
}

certify_leaf() { # NAME ISSUER NAMES [MORE]: NAMES as subjectAltName has them; with its chain in NAME-chain.pem
    certify "$1" "$2" "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=$3\n${4:-}" &&
        cat "$ca/$1.pem" "$ca/$2.pem" >"$ca/$1-chain.pem"
}

status_of() { # NAME ISSUER V|R: what the issuer says of it, in NAME.ocsp
    local number
    number=$(openssl x509 -in "$ca/$1.pem" -noout -serial | sed 's/serial=//')
    printf '%s\t991231235959Z\t%s\t%s\tunknown\t/CN=%s\n' "$3" "$([ "$3" = V ] || echo 250101000000Z)" "$number" "$1" \
        >"$ca/index"
    quietly openssl ocsp -issuer "$ca/$2.pem" -cert "$ca/$1.pem" -no_nonce -reqout "$ca/request" &&
        quietly openssl ocsp -index "$ca/index" -rsigner "$ca/$2.pem" -rkey "$ca/$2.key" -CA "$ca/$2.pem" \
            -ndays 1 -reqin "$ca/request" -respout "$ca/$1.ocsp"
}

revoke() { # ISSUER NAME: a CRL of the issuer with that certificate in it, in ISSUER.crl; NAME "": with none
    : >"$ca/revoked"
    echo 01 >"$ca/number"
    printf '[ca]\ndefault_ca=it\n[it]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ndefault_crl_days=1\n' \
        "$ca/revoked" "$ca/number" >"$ca/config"
    [ -z "$2" ] || quietly openssl ca -config "$ca/config" -cert "$ca/$1.pem" -keyfile "$ca/$1.key" \
        -revoke "$ca/$2.pem" || return 1
    quietly openssl ca -config "$ca/config" -cert "$ca/$1.pem" -keyfile "$ca/$1.key" -gencrl -out "$ca/$1.crl"
}
