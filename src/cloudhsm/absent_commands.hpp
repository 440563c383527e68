// The commands of cloudhsm-cli that Claviger does not have, and what their user does instead.
// docs/limitations.md lists them.
#pragma once

#include <string_view>

namespace claviger::cloudhsm {

struct AbsentCommand {
    std::string_view words;  // a command, or the first words of several
    std::string_view why;
};

inline constexpr AbsentCommand kAbsentCommands[] = {
    {"cluster mtls",
     "The admin socket is open to the service's own user only, so there is no connection to secure."},
    {"crypto",
     "A crypto user of a KMS key store has symmetric keys only, which do not leave their HSMs: use aws kms "
     "encrypt, aws kms "
     "decrypt or aws kms generate-data-key, and for signatures a key of the default key store with aws kms "
     "sign."},
    {"key generate-asymmetric-pair",
     "A custom key store has symmetric keys only: aws kms create-key --key-spec makes key pairs in the "
     "default key store."},
    {"key generate-file",
     "No key of a key store leaves its HSMs; the public part of a key pair is in aws kms get-public-key."},
    {"key generate-symmetric",
     "Keys are made through the key service, which knows them then: aws kms create-key --origin AWS_CLOUDHSM "
     "--custom-key-store-id ID."},
    {"key import",
     "A custom key store takes no imported material: aws kms import-key-material does, for a key of the "
     "default key store."},
    {"key replicate",
     "Every HSM of a cluster gets every key by itself; another cluster gets them from a backup."},
    {"key set-attribute",
     "The attributes of a key are fixed when it is made, so that nobody can weaken them."},
    {"key share",
     "There is one crypto user, kmsuser: nobody else could use the key. aws kms create-grant lets others use "
     "it."},
    {"key unshare",
     "There is one crypto user, kmsuser: no key is shared. aws kms revoke-grant ends a grant."},
    {"key unwrap", "A custom key store takes no keys from outside, wrapped or not."},
    {"key wrap",
     "No key of a key store leaves its HSMs, wrapped or not: a backup of the cluster holds them all."},
    {"quorum", "There is no quorum authentication: each admin acts alone."},
    {"user change-mfa", "There is no multi-factor authentication of users."},
    {"user change-quorum", "There is no quorum authentication: each admin acts alone."},
    {"user replicate",
     "The users are the cluster's, not those of one HSM; a cluster made from a backup has them, too."},
};

}  // namespace claviger::cloudhsm
