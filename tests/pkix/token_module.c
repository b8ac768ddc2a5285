/* token_module.c - a PKCS#11 module that is SoftHSM's, and fails as a test tells it to. */
#include "tests/pkix/token_module.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED struct token_mood token_mood;
EXPORTED CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out);

static CK_FUNCTION_LIST real, ours;

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    if (token_mood.gone) {
        *count = 0;
        return CKR_OK;
    }
    return real.C_GetSlotList(present, slots, count);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV result = token_mood.gone ? CKR_TOKEN_NOT_PRESENT : real.C_GetTokenInfo(slot, info);

    if (result == CKR_OK && token_mood.one_try_left)
        info->flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
    return result;
}

static bool lacks(CK_MECHANISM_TYPE type)
{
    return (type == CKM_RSA_PKCS_PSS && token_mood.no_pss) || (type == CKM_RSA_PKCS && token_mood.no_pkcs1);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    return lacks(type) ? CKR_MECHANISM_INVALID : real.C_GetMechanismInfo(slot, type, info);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *arg, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    return token_mood.gone ? CKR_TOKEN_NOT_PRESENT : real.C_OpenSession(slot, flags, arg, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
    token_mood.logins++;
    if (token_mood.gone)
        return CKR_DEVICE_REMOVED;
    return token_mood.pin_is_another ? CKR_PIN_INCORRECT : real.C_Login(session, user, pin, len);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    if (token_mood.gone)
        return CKR_DEVICE_REMOVED;
    if (token_mood.loses != CKR_OK) {
        CK_RV result = token_mood.loses;
        token_mood.loses = CKR_OK;
        real.C_CloseSession(session); /* which logs out, if it was the only one */
        return result;
    }
    return lacks(mechanism->mechanism) ? CKR_MECHANISM_INVALID : real.C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *out, CK_ULONG *out_len)
{
    return token_mood.gone ? CKR_DEVICE_REMOVED : real.C_Sign(session, data, len, out, out_len);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
    const char *path = getenv(TOKEN_MODULE_BELOW);
    void *below = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get_list = NULL;
    CK_FUNCTION_LIST *list = NULL;

    if (below != NULL)
        *(void **)&get_list = dlsym(below, "C_GetFunctionList");
    if (get_list == NULL || get_list(&list) != CKR_OK)
        return CKR_GENERAL_ERROR;
    real = ours = *list;
    ours.C_GetFunctionList = C_GetFunctionList;
    ours.C_GetSlotList = get_slot_list;
    ours.C_GetTokenInfo = get_token_info;
    ours.C_GetMechanismInfo = get_mechanism_info;
    ours.C_OpenSession = open_session;
    ours.C_Login = login;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
    *out = &ours;
    return CKR_OK;
}
