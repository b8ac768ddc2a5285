# page.sed - a text as a C string: web_page of web.h.
s/[\\"]/\\&/g
s/.*/    "&\\n"/
1i\
extern const char web_page[];\
const char web_page[] =
$a\
    ;
