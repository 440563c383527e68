// Made by tools/generate_model.py from the service model kms-2014-11-01; not edited by hand.
// clang-format off
#include "src/model/shape.hpp"

namespace claviger::model {
namespace {

constexpr std::string_view kValuesOfAlgorithmSpec[] = {
    "RSAES_PKCS1_V1_5",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
    "SM2PKE",
};
constexpr Member kMembersOfAliasListEntry[] = {
    {"AliasArn", "aliasArn", 7, Presence::optional},
    {"AliasName", "aliasName", 5, Presence::optional},
    {"CreationDate", "creationDate", 46, Presence::optional},
    {"LastUpdatedDate", "lastUpdatedDate", 46, Presence::optional},
    {"TargetKeyId", "targetKeyId", 137, Presence::optional},
};
constexpr Member kMembersOfAlreadyExistsException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCancelKeyDeletionRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfCancelKeyDeletionResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
};
constexpr Member kMembersOfCloudHsmClusterInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCloudHsmClusterInvalidConfigurationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCloudHsmClusterNotActiveException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCloudHsmClusterNotFoundException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCloudHsmClusterNotRelatedException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfConflictException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfConnectCustomKeyStoreRequest[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::required},
};
constexpr std::string_view kValuesOfConnectionErrorCodeType[] = {
    "INVALID_CREDENTIALS",
    "CLUSTER_NOT_FOUND",
    "NETWORK_ERRORS",
    "INTERNAL_ERROR",
    "INSUFFICIENT_CLOUDHSM_HSMS",
    "USER_LOCKED_OUT",
    "USER_NOT_FOUND",
    "USER_LOGGED_IN",
    "SUBNET_NOT_FOUND",
    "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET",
    "XKS_PROXY_ACCESS_DENIED",
    "XKS_PROXY_NOT_REACHABLE",
    "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND",
    "XKS_PROXY_INVALID_RESPONSE",
    "XKS_PROXY_INVALID_CONFIGURATION",
    "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION",
    "XKS_PROXY_TIMED_OUT",
    "XKS_PROXY_INVALID_TLS_CONFIGURATION",
};
constexpr std::string_view kValuesOfConnectionStateType[] = {
    "CONNECTED",
    "CONNECTING",
    "FAILED",
    "DISCONNECTED",
    "DISCONNECTING",
};
constexpr Member kMembersOfCreateAliasRequest[] = {
    {"AliasName", "aliasName", 5, Presence::required},
    {"TargetKeyId", "targetKeyId", 137, Presence::required},
};
constexpr Member kMembersOfCreateCustomKeyStoreRequest[] = {
    {"CloudHsmClusterId", "cloudHsmClusterId", 15, Presence::optional},
    {"CustomKeyStoreName", "customKeyStoreName", 38, Presence::required},
    {"CustomKeyStoreType", "customKeyStoreType", 40, Presence::optional},
    {"KeyStorePassword", "keyStorePassword", 148, Presence::optional},
    {"TrustAnchorCertificate", "trustAnchorCertificate", 216, Presence::optional},
    {"XksProxyAuthenticationCredential", "xksProxyAuthenticationCredential", 235, Presence::optional},
    {"XksProxyConnectivity", "xksProxyConnectivity", 238, Presence::optional},
    {"XksProxyUriEndpoint", "xksProxyUriEndpoint", 243, Presence::optional},
    {"XksProxyUriPath", "xksProxyUriPath", 245, Presence::optional},
    {"XksProxyVpcEndpointServiceName", "xksProxyVpcEndpointServiceName", 249, Presence::optional},
    {"XksProxyVpcEndpointServiceOwner", "xksProxyVpcEndpointServiceOwner", 1, Presence::optional},
};
constexpr Member kMembersOfCreateCustomKeyStoreResponse[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
};
constexpr Member kMembersOfCreateGrantRequest[] = {
    {"Constraints", "constraints", 105, Presence::optional},
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"GranteePrincipal", "granteePrincipal", 185, Presence::optional},
    {"GranteeServicePrincipal", "granteeServicePrincipal", 204, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Name", "name", 109, Presence::optional},
    {"Operations", "operations", 111, Presence::required},
    {"RetiringPrincipal", "retiringPrincipal", 185, Presence::optional},
    {"RetiringServicePrincipal", "retiringServicePrincipal", 204, Presence::optional},
};
constexpr Member kMembersOfCreateGrantResponse[] = {
    {"GrantId", "grantId", 106, Presence::optional},
    {"GrantToken", "grantToken", 113, Presence::optional},
};
constexpr Member kMembersOfCreateKeyRequest[] = {
    {"BypassPolicyLockoutSafetyCheck", "bypassPolicyLockoutSafetyCheck", 11, Presence::optional},
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
    {"CustomerMasterKeySpec", "customerMasterKeySpec", 43, Presence::optional},
    {"Description", "description", 61, Presence::optional},
    {"KeySpec", "keySpec", 146, Presence::optional},
    {"KeyUsage", "keyUsage", 150, Presence::optional},
    {"MultiRegion", "multiRegion", 177, Presence::optional},
    {"Origin", "origin", 179, Presence::optional},
    {"Policy", "policy", 184, Presence::optional},
    {"Tags", "tags", 213, Presence::optional},
    {"XksKeyId", "xksKeyId", 231, Presence::optional},
};
constexpr Member kMembersOfCreateKeyResponse[] = {
    {"KeyMetadata", "keyMetadata", 145, Presence::optional},
};
constexpr Member kMembersOfCustomKeyStoreHasCMKsException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCustomKeyStoreInvalidStateException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCustomKeyStoreNameInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfCustomKeyStoreNotFoundException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr std::string_view kValuesOfCustomKeyStoreType[] = {
    "AWS_CLOUDHSM",
    "EXTERNAL_KEY_STORE",
};
constexpr Member kMembersOfCustomKeyStoresListEntry[] = {
    {"CloudHsmClusterId", "cloudHsmClusterId", 15, Presence::optional},
    {"ConnectionErrorCode", "connectionErrorCode", 25, Presence::optional},
    {"ConnectionState", "connectionState", 26, Presence::optional},
    {"CreationDate", "creationDate", 46, Presence::optional},
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
    {"CustomKeyStoreName", "customKeyStoreName", 38, Presence::optional},
    {"CustomKeyStoreType", "customKeyStoreType", 40, Presence::optional},
    {"TrustAnchorCertificate", "trustAnchorCertificate", 216, Presence::optional},
    {"XksProxyConfiguration", "xksProxyConfiguration", 237, Presence::optional},
};
constexpr std::string_view kValuesOfCustomerMasterKeySpec[] = {
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
};
constexpr std::string_view kValuesOfDataKeyPairSpec[] = {
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SM2",
    "ECC_NIST_EDWARDS25519",
};
constexpr std::string_view kValuesOfDataKeySpec[] = {
    "AES_256",
    "AES_128",
};
constexpr Member kMembersOfDecryptRequest[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"DryRun", "dryRun", 177, Presence::optional},
    {"DryRunModifiers", "dryRunModifiers", 67, Presence::optional},
    {"EncryptionAlgorithm", "encryptionAlgorithm", 74, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"Recipient", "recipient", 190, Presence::optional},
};
constexpr Member kMembersOfDecryptResponse[] = {
    {"CiphertextForRecipient", "ciphertextForRecipient", 14, Presence::optional},
    {"EncryptionAlgorithm", "encryptionAlgorithm", 74, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"Plaintext", "plaintext", 181, Presence::optional},
};
constexpr Member kMembersOfDeleteAliasRequest[] = {
    {"AliasName", "aliasName", 5, Presence::required},
};
constexpr Member kMembersOfDeleteCustomKeyStoreRequest[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::required},
};
constexpr Member kMembersOfDeleteImportedKeyMaterialRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
};
constexpr Member kMembersOfDeleteImportedKeyMaterialResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 9, Presence::optional},
};
constexpr Member kMembersOfDependencyTimeoutException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfDeriveSharedSecretRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyAgreementAlgorithm", "keyAgreementAlgorithm", 134, Presence::required},
    {"KeyId", "keyId", 137, Presence::required},
    {"PublicKey", "publicKey", 186, Presence::required},
    {"Recipient", "recipient", 190, Presence::optional},
};
constexpr Member kMembersOfDeriveSharedSecretResponse[] = {
    {"CiphertextForRecipient", "ciphertextForRecipient", 14, Presence::optional},
    {"KeyAgreementAlgorithm", "keyAgreementAlgorithm", 134, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyOrigin", "keyOrigin", 179, Presence::optional},
    {"SharedSecret", "sharedSecret", 181, Presence::optional},
};
constexpr Member kMembersOfDescribeCustomKeyStoresRequest[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
    {"CustomKeyStoreName", "customKeyStoreName", 38, Presence::optional},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfDescribeCustomKeyStoresResponse[] = {
    {"CustomKeyStores", "customKeyStores", 41, Presence::optional},
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfDescribeKeyRequest[] = {
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfDescribeKeyResponse[] = {
    {"KeyMetadata", "keyMetadata", 145, Presence::optional},
};
constexpr Member kMembersOfDisableKeyRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfDisableKeyRotationRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfDisabledException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfDisconnectCustomKeyStoreRequest[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::required},
};
constexpr std::string_view kValuesOfDryRunModifierType[] = {
    "IGNORE_CIPHERTEXT",
};
constexpr Member kMembersOfDryRunOperationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfEnableKeyRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfEnableKeyRotationRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"RotationPeriodInDays", "rotationPeriodInDays", 198, Presence::optional},
};
constexpr Member kMembersOfEncryptRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"EncryptionAlgorithm", "encryptionAlgorithm", 74, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Plaintext", "plaintext", 181, Presence::required},
};
constexpr Member kMembersOfEncryptResponse[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"EncryptionAlgorithm", "encryptionAlgorithm", 74, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
};
constexpr std::string_view kValuesOfEncryptionAlgorithmSpec[] = {
    "SYMMETRIC_DEFAULT",
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "SM2PKE",
};
constexpr std::string_view kValuesOfExpirationModelType[] = {
    "KEY_MATERIAL_EXPIRES",
    "KEY_MATERIAL_DOES_NOT_EXPIRE",
};
constexpr Member kMembersOfExpiredImportTokenException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyPairRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeyPairSpec", "keyPairSpec", 44, Presence::required},
    {"Recipient", "recipient", 190, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyPairResponse[] = {
    {"CiphertextForRecipient", "ciphertextForRecipient", 14, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"KeyPairSpec", "keyPairSpec", 44, Presence::optional},
    {"PrivateKeyCiphertextBlob", "privateKeyCiphertextBlob", 14, Presence::optional},
    {"PrivateKeyPlaintext", "privateKeyPlaintext", 181, Presence::optional},
    {"PublicKey", "publicKey", 186, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyPairWithoutPlaintextRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeyPairSpec", "keyPairSpec", 44, Presence::required},
};
constexpr Member kMembersOfGenerateDataKeyPairWithoutPlaintextResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"KeyPairSpec", "keyPairSpec", 44, Presence::optional},
    {"PrivateKeyCiphertextBlob", "privateKeyCiphertextBlob", 14, Presence::optional},
    {"PublicKey", "publicKey", 186, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeySpec", "keySpec", 45, Presence::optional},
    {"NumberOfBytes", "numberOfBytes", 178, Presence::optional},
    {"Recipient", "recipient", 190, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyResponse[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"CiphertextForRecipient", "ciphertextForRecipient", 14, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"Plaintext", "plaintext", 181, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyWithoutPlaintextRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"EncryptionContext", "encryptionContext", 77, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeySpec", "keySpec", 45, Presence::optional},
    {"NumberOfBytes", "numberOfBytes", 178, Presence::optional},
};
constexpr Member kMembersOfGenerateDataKeyWithoutPlaintextResponse[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
};
constexpr Member kMembersOfGenerateMacRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"MacAlgorithm", "macAlgorithm", 167, Presence::required},
    {"Message", "message", 181, Presence::required},
};
constexpr Member kMembersOfGenerateMacResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"Mac", "mac", 14, Presence::optional},
    {"MacAlgorithm", "macAlgorithm", 167, Presence::optional},
};
constexpr Member kMembersOfGenerateRandomRequest[] = {
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
    {"NumberOfBytes", "numberOfBytes", 178, Presence::optional},
    {"Recipient", "recipient", 190, Presence::optional},
};
constexpr Member kMembersOfGenerateRandomResponse[] = {
    {"CiphertextForRecipient", "ciphertextForRecipient", 14, Presence::optional},
    {"Plaintext", "plaintext", 181, Presence::optional},
};
constexpr Member kMembersOfGetKeyLastUsageRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfGetKeyLastUsageResponse[] = {
    {"KeyCreationDate", "keyCreationDate", 46, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyLastUsage", "keyLastUsage", 138, Presence::optional},
    {"TrackingStartDate", "trackingStartDate", 46, Presence::optional},
};
constexpr Member kMembersOfGetKeyPolicyRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"PolicyName", "policyName", 183, Presence::optional},
};
constexpr Member kMembersOfGetKeyPolicyResponse[] = {
    {"Policy", "policy", 184, Presence::optional},
    {"PolicyName", "policyName", 183, Presence::optional},
};
constexpr Member kMembersOfGetKeyRotationStatusRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfGetKeyRotationStatusResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyRotationEnabled", "keyRotationEnabled", 11, Presence::optional},
    {"NextRotationDate", "nextRotationDate", 46, Presence::optional},
    {"OnDemandRotationStartDate", "onDemandRotationStartDate", 46, Presence::optional},
    {"RotationPeriodInDays", "rotationPeriodInDays", 198, Presence::optional},
};
constexpr Member kMembersOfGetParametersForImportRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"WrappingAlgorithm", "wrappingAlgorithm", 2, Presence::required},
    {"WrappingKeySpec", "wrappingKeySpec", 228, Presence::required},
};
constexpr Member kMembersOfGetParametersForImportResponse[] = {
    {"ImportToken", "importToken", 14, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"ParametersValidTo", "parametersValidTo", 46, Presence::optional},
    {"PublicKey", "publicKey", 181, Presence::optional},
};
constexpr Member kMembersOfGetPublicKeyRequest[] = {
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfGetPublicKeyResponse[] = {
    {"CustomerMasterKeySpec", "customerMasterKeySpec", 43, Presence::optional},
    {"EncryptionAlgorithms", "encryptionAlgorithms", 75, Presence::optional},
    {"KeyAgreementAlgorithms", "keyAgreementAlgorithms", 135, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeySpec", "keySpec", 146, Presence::optional},
    {"KeyUsage", "keyUsage", 150, Presence::optional},
    {"PublicKey", "publicKey", 186, Presence::optional},
    {"SigningAlgorithms", "signingAlgorithms", 208, Presence::optional},
};
constexpr Member kMembersOfGrantConstraints[] = {
    {"EncryptionContextEquals", "encryptionContextEquals", 77, Presence::optional},
    {"EncryptionContextSubset", "encryptionContextSubset", 77, Presence::optional},
    {"SourceArn", "sourceArn", 104, Presence::optional},
};
constexpr Member kMembersOfGrantListEntry[] = {
    {"Constraints", "constraints", 105, Presence::optional},
    {"CreationDate", "creationDate", 46, Presence::optional},
    {"GrantId", "grantId", 106, Presence::optional},
    {"GranteePrincipal", "granteePrincipal", 185, Presence::optional},
    {"GranteeServicePrincipal", "granteeServicePrincipal", 204, Presence::optional},
    {"IssuingAccount", "issuingAccount", 185, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"Name", "name", 109, Presence::optional},
    {"Operations", "operations", 111, Presence::optional},
    {"RetiringPrincipal", "retiringPrincipal", 185, Presence::optional},
    {"RetiringServicePrincipal", "retiringServicePrincipal", 204, Presence::optional},
};
constexpr std::string_view kValuesOfGrantOperation[] = {
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
};
constexpr Member kMembersOfImportKeyMaterialRequest[] = {
    {"EncryptedKeyMaterial", "encryptedKeyMaterial", 14, Presence::required},
    {"ExpirationModel", "expirationModel", 80, Presence::optional},
    {"ImportToken", "importToken", 14, Presence::required},
    {"ImportType", "importType", 117, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeyMaterialDescription", "keyMaterialDescription", 143, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"ValidTo", "validTo", 46, Presence::optional},
};
constexpr Member kMembersOfImportKeyMaterialResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
};
constexpr std::string_view kValuesOfImportState[] = {
    "IMPORTED",
    "PENDING_IMPORT",
};
constexpr std::string_view kValuesOfImportType[] = {
    "NEW_KEY_MATERIAL",
    "EXISTING_KEY_MATERIAL",
};
constexpr std::string_view kValuesOfIncludeKeyMaterial[] = {
    "ALL_KEY_MATERIAL",
    "ROTATIONS_ONLY",
};
constexpr Member kMembersOfIncorrectKeyException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfIncorrectKeyMaterialException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfIncorrectTrustAnchorException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidAliasNameException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidArnException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidCiphertextException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidGrantIdException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidGrantTokenException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidImportTokenException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidKeyUsageException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfInvalidMarkerException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfKMSInternalException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfKMSInvalidMacException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfKMSInvalidSignatureException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfKMSInvalidStateException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr std::string_view kValuesOfKeyAgreementAlgorithmSpec[] = {
    "ECDH",
};
constexpr std::string_view kValuesOfKeyEncryptionMechanism[] = {
    "RSAES_OAEP_SHA_256",
};
constexpr Member kMembersOfKeyLastUsageData[] = {
    {"CloudTrailEventId", "cloudTrailEventId", 21, Presence::optional},
    {"KmsRequestId", "kmsRequestId", 151, Presence::optional},
    {"Operation", "operation", 139, Presence::optional},
    {"Timestamp", "timestamp", 46, Presence::optional},
};
constexpr std::string_view kValuesOfKeyLastUsageTrackingOperation[] = {
    "Decrypt",
    "DeriveSharedSecret",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "ReEncrypt",
    "Sign",
    "Verify",
    "VerifyMac",
};
constexpr Member kMembersOfKeyListEntry[] = {
    {"KeyArn", "keyArn", 7, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
};
constexpr std::string_view kValuesOfKeyManagerType[] = {
    "AWS",
    "CUSTOMER",
};
constexpr std::string_view kValuesOfKeyMaterialState[] = {
    "NON_CURRENT",
    "CURRENT",
    "PENDING_ROTATION",
    "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
};
constexpr Member kMembersOfKeyMetadata[] = {
    {"AWSAccountId", "aWSAccountId", 0, Presence::optional},
    {"Arn", "arn", 7, Presence::optional},
    {"CloudHsmClusterId", "cloudHsmClusterId", 15, Presence::optional},
    {"CreationDate", "creationDate", 46, Presence::optional},
    {"CurrentKeyMaterialId", "currentKeyMaterialId", 10, Presence::optional},
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::optional},
    {"CustomerMasterKeySpec", "customerMasterKeySpec", 43, Presence::optional},
    {"DeletionDate", "deletionDate", 46, Presence::optional},
    {"Description", "description", 61, Presence::optional},
    {"Enabled", "enabled", 11, Presence::optional},
    {"EncryptionAlgorithms", "encryptionAlgorithms", 75, Presence::optional},
    {"ExpirationModel", "expirationModel", 80, Presence::optional},
    {"KeyAgreementAlgorithms", "keyAgreementAlgorithms", 135, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"KeyManager", "keyManager", 142, Presence::optional},
    {"KeySpec", "keySpec", 146, Presence::optional},
    {"KeyState", "keyState", 147, Presence::optional},
    {"KeyUsage", "keyUsage", 150, Presence::optional},
    {"MacAlgorithms", "macAlgorithms", 168, Presence::optional},
    {"MultiRegion", "multiRegion", 177, Presence::optional},
    {"MultiRegionConfiguration", "multiRegionConfiguration", 172, Presence::optional},
    {"Origin", "origin", 179, Presence::optional},
    {"PendingDeletionWindowInDays", "pendingDeletionWindowInDays", 180, Presence::optional},
    {"SigningAlgorithms", "signingAlgorithms", 208, Presence::optional},
    {"ValidTo", "validTo", 46, Presence::optional},
    {"XksKeyConfiguration", "xksKeyConfiguration", 230, Presence::optional},
};
constexpr std::string_view kValuesOfKeySpec[] = {
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
};
constexpr std::string_view kValuesOfKeyState[] = {
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
};
constexpr Member kMembersOfKeyUnavailableException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr std::string_view kValuesOfKeyUsageType[] = {
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
};
constexpr Member kMembersOfLimitExceededException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfListAliasesRequest[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListAliasesResponse[] = {
    {"Aliases", "aliases", 3, Presence::optional},
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListGrantsRequest[] = {
    {"GrantId", "grantId", 106, Presence::optional},
    {"GranteePrincipal", "granteePrincipal", 185, Presence::optional},
    {"GranteeServicePrincipal", "granteeServicePrincipal", 204, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListGrantsResponse[] = {
    {"Grants", "grants", 107, Presence::optional},
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListKeyPoliciesRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListKeyPoliciesResponse[] = {
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"PolicyNames", "policyNames", 182, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListKeyRotationsRequest[] = {
    {"IncludeKeyMaterial", "includeKeyMaterial", 118, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListKeyRotationsResponse[] = {
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Rotations", "rotations", 200, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListKeysRequest[] = {
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListKeysResponse[] = {
    {"Keys", "keys", 140, Presence::optional},
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListResourceTagsRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
};
constexpr Member kMembersOfListResourceTagsResponse[] = {
    {"NextMarker", "nextMarker", 170, Presence::optional},
    {"Tags", "tags", 213, Presence::optional},
    {"Truncated", "truncated", 11, Presence::optional},
};
constexpr Member kMembersOfListRetirableGrantsRequest[] = {
    {"Limit", "limit", 153, Presence::optional},
    {"Marker", "marker", 170, Presence::optional},
    {"RetiringPrincipal", "retiringPrincipal", 185, Presence::optional},
    {"RetiringServicePrincipal", "retiringServicePrincipal", 204, Presence::optional},
};
constexpr std::string_view kValuesOfMacAlgorithmSpec[] = {
    "HMAC_SHA_224",
    "HMAC_SHA_256",
    "HMAC_SHA_384",
    "HMAC_SHA_512",
};
constexpr Member kMembersOfMalformedPolicyDocumentException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr std::string_view kValuesOfMessageType[] = {
    "RAW",
    "DIGEST",
    "EXTERNAL_MU",
};
constexpr Member kMembersOfMultiRegionConfiguration[] = {
    {"MultiRegionKeyType", "multiRegionKeyType", 175, Presence::optional},
    {"PrimaryKey", "primaryKey", 173, Presence::optional},
    {"ReplicaKeys", "replicaKeys", 174, Presence::optional},
};
constexpr Member kMembersOfMultiRegionKey[] = {
    {"Arn", "arn", 7, Presence::optional},
    {"Region", "region", 191, Presence::optional},
};
constexpr std::string_view kValuesOfMultiRegionKeyType[] = {
    "PRIMARY",
    "REPLICA",
};
constexpr Member kMembersOfNotFoundException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr std::string_view kValuesOfOriginType[] = {
    "AWS_KMS",
    "EXTERNAL",
    "AWS_CLOUDHSM",
    "EXTERNAL_KEY_STORE",
};
constexpr Member kMembersOfPutKeyPolicyRequest[] = {
    {"BypassPolicyLockoutSafetyCheck", "bypassPolicyLockoutSafetyCheck", 11, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Policy", "policy", 184, Presence::required},
    {"PolicyName", "policyName", 183, Presence::optional},
};
constexpr Member kMembersOfReEncryptRequest[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"DestinationEncryptionAlgorithm", "destinationEncryptionAlgorithm", 74, Presence::optional},
    {"DestinationEncryptionContext", "destinationEncryptionContext", 77, Presence::optional},
    {"DestinationKeyId", "destinationKeyId", 137, Presence::required},
    {"DryRun", "dryRun", 177, Presence::optional},
    {"DryRunModifiers", "dryRunModifiers", 67, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"SourceEncryptionAlgorithm", "sourceEncryptionAlgorithm", 74, Presence::optional},
    {"SourceEncryptionContext", "sourceEncryptionContext", 77, Presence::optional},
    {"SourceKeyId", "sourceKeyId", 137, Presence::optional},
};
constexpr Member kMembersOfReEncryptResponse[] = {
    {"CiphertextBlob", "ciphertextBlob", 14, Presence::optional},
    {"DestinationEncryptionAlgorithm", "destinationEncryptionAlgorithm", 74, Presence::optional},
    {"DestinationKeyMaterialId", "destinationKeyMaterialId", 10, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"SourceEncryptionAlgorithm", "sourceEncryptionAlgorithm", 74, Presence::optional},
    {"SourceKeyId", "sourceKeyId", 137, Presence::optional},
    {"SourceKeyMaterialId", "sourceKeyMaterialId", 10, Presence::optional},
};
constexpr Member kMembersOfRecipientInfo[] = {
    {"AttestationDocument", "attestationDocument", 8, Presence::optional},
    {"KeyEncryptionAlgorithm", "keyEncryptionAlgorithm", 136, Presence::optional},
};
constexpr Member kMembersOfReplicateKeyRequest[] = {
    {"BypassPolicyLockoutSafetyCheck", "bypassPolicyLockoutSafetyCheck", 11, Presence::optional},
    {"Description", "description", 61, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Policy", "policy", 184, Presence::optional},
    {"ReplicaRegion", "replicaRegion", 191, Presence::required},
    {"Tags", "tags", 213, Presence::optional},
};
constexpr Member kMembersOfReplicateKeyResponse[] = {
    {"ReplicaKeyMetadata", "replicaKeyMetadata", 145, Presence::optional},
    {"ReplicaPolicy", "replicaPolicy", 184, Presence::optional},
    {"ReplicaTags", "replicaTags", 213, Presence::optional},
};
constexpr Member kMembersOfRetireGrantRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantId", "grantId", 106, Presence::optional},
    {"GrantToken", "grantToken", 113, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
};
constexpr Member kMembersOfRevokeGrantRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantId", "grantId", 106, Presence::required},
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfRotateKeyOnDemandRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfRotateKeyOnDemandResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
};
constexpr std::string_view kValuesOfRotationType[] = {
    "AUTOMATIC",
    "ON_DEMAND",
};
constexpr Member kMembersOfRotationsListEntry[] = {
    {"ExpirationModel", "expirationModel", 80, Presence::optional},
    {"ImportState", "importState", 116, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyMaterialDescription", "keyMaterialDescription", 143, Presence::optional},
    {"KeyMaterialId", "keyMaterialId", 10, Presence::optional},
    {"KeyMaterialState", "keyMaterialState", 144, Presence::optional},
    {"RotationDate", "rotationDate", 46, Presence::optional},
    {"RotationType", "rotationType", 199, Presence::optional},
    {"ValidTo", "validTo", 46, Presence::optional},
};
constexpr Member kMembersOfScheduleKeyDeletionRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"PendingWindowInDays", "pendingWindowInDays", 180, Presence::optional},
};
constexpr Member kMembersOfScheduleKeyDeletionResponse[] = {
    {"DeletionDate", "deletionDate", 46, Presence::optional},
    {"KeyId", "keyId", 137, Presence::optional},
    {"KeyState", "keyState", 147, Presence::optional},
    {"PendingWindowInDays", "pendingWindowInDays", 180, Presence::optional},
};
constexpr Member kMembersOfSignRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Message", "message", 181, Presence::required},
    {"MessageType", "messageType", 171, Presence::optional},
    {"SigningAlgorithm", "signingAlgorithm", 207, Presence::required},
};
constexpr Member kMembersOfSignResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"Signature", "signature", 14, Presence::optional},
    {"SigningAlgorithm", "signingAlgorithm", 207, Presence::optional},
};
constexpr std::string_view kValuesOfSigningAlgorithmSpec[] = {
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
    "SM2DSA",
    "ML_DSA_SHAKE_256",
    "ED25519_SHA_512",
    "ED25519_PH_SHA_512",
};
constexpr Member kMembersOfTag[] = {
    {"TagKey", "tagKey", 212, Presence::required},
    {"TagValue", "tagValue", 215, Presence::required},
};
constexpr Member kMembersOfTagException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfTagResourceRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"Tags", "tags", 213, Presence::required},
};
constexpr Member kMembersOfUnsupportedOperationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfUntagResourceRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"TagKeys", "tagKeys", 211, Presence::required},
};
constexpr Member kMembersOfUpdateAliasRequest[] = {
    {"AliasName", "aliasName", 5, Presence::required},
    {"TargetKeyId", "targetKeyId", 137, Presence::required},
};
constexpr Member kMembersOfUpdateCustomKeyStoreRequest[] = {
    {"CloudHsmClusterId", "cloudHsmClusterId", 15, Presence::optional},
    {"CustomKeyStoreId", "customKeyStoreId", 35, Presence::required},
    {"KeyStorePassword", "keyStorePassword", 148, Presence::optional},
    {"NewCustomKeyStoreName", "newCustomKeyStoreName", 38, Presence::optional},
    {"XksProxyAuthenticationCredential", "xksProxyAuthenticationCredential", 235, Presence::optional},
    {"XksProxyConnectivity", "xksProxyConnectivity", 238, Presence::optional},
    {"XksProxyUriEndpoint", "xksProxyUriEndpoint", 243, Presence::optional},
    {"XksProxyUriPath", "xksProxyUriPath", 245, Presence::optional},
    {"XksProxyVpcEndpointServiceName", "xksProxyVpcEndpointServiceName", 249, Presence::optional},
    {"XksProxyVpcEndpointServiceOwner", "xksProxyVpcEndpointServiceOwner", 1, Presence::optional},
};
constexpr Member kMembersOfUpdateKeyDescriptionRequest[] = {
    {"Description", "description", 61, Presence::required},
    {"KeyId", "keyId", 137, Presence::required},
};
constexpr Member kMembersOfUpdatePrimaryRegionRequest[] = {
    {"KeyId", "keyId", 137, Presence::required},
    {"PrimaryRegion", "primaryRegion", 191, Presence::required},
};
constexpr Member kMembersOfVerifyMacRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Mac", "mac", 14, Presence::required},
    {"MacAlgorithm", "macAlgorithm", 167, Presence::required},
    {"Message", "message", 181, Presence::required},
};
constexpr Member kMembersOfVerifyMacResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"MacAlgorithm", "macAlgorithm", 167, Presence::optional},
    {"MacValid", "macValid", 11, Presence::optional},
};
constexpr Member kMembersOfVerifyRequest[] = {
    {"DryRun", "dryRun", 177, Presence::optional},
    {"GrantTokens", "grantTokens", 112, Presence::optional},
    {"KeyId", "keyId", 137, Presence::required},
    {"Message", "message", 181, Presence::required},
    {"MessageType", "messageType", 171, Presence::optional},
    {"Signature", "signature", 14, Presence::required},
    {"SigningAlgorithm", "signingAlgorithm", 207, Presence::required},
};
constexpr Member kMembersOfVerifyResponse[] = {
    {"KeyId", "keyId", 137, Presence::optional},
    {"SignatureValid", "signatureValid", 11, Presence::optional},
    {"SigningAlgorithm", "signingAlgorithm", 207, Presence::optional},
};
constexpr std::string_view kValuesOfWrappingKeySpec[] = {
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "SM2",
};
constexpr Member kMembersOfXksKeyAlreadyInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksKeyConfigurationType[] = {
    {"Id", "id", 231, Presence::optional},
};
constexpr Member kMembersOfXksKeyInvalidConfigurationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksKeyNotFoundException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyAuthenticationCredentialType[] = {
    {"AccessKeyId", "accessKeyId", 234, Presence::required},
    {"RawSecretAccessKey", "rawSecretAccessKey", 236, Presence::required},
};
constexpr Member kMembersOfXksProxyConfigurationType[] = {
    {"AccessKeyId", "accessKeyId", 234, Presence::optional},
    {"Connectivity", "connectivity", 238, Presence::optional},
    {"UriEndpoint", "uriEndpoint", 243, Presence::optional},
    {"UriPath", "uriPath", 245, Presence::optional},
    {"VpcEndpointServiceName", "vpcEndpointServiceName", 249, Presence::optional},
    {"VpcEndpointServiceOwner", "vpcEndpointServiceOwner", 1, Presence::optional},
};
constexpr std::string_view kValuesOfXksProxyConnectivityType[] = {
    "PUBLIC_ENDPOINT",
    "VPC_ENDPOINT_SERVICE",
};
constexpr Member kMembersOfXksProxyIncorrectAuthenticationCredentialException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyInvalidConfigurationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyInvalidResponseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyUriEndpointInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyUriInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyUriUnreachableException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyVpcEndpointServiceInUseException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyVpcEndpointServiceInvalidConfigurationException[] = {
    {"message", "message", 79, Presence::optional},
};
constexpr Member kMembersOfXksProxyVpcEndpointServiceNotFoundException[] = {
    {"message", "message", 79, Presence::optional},
};

constexpr Shape kShapes[] = {
    {"AWSAccountIdType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 0
    {"AccountIdType", Type::string, Sensitive::no, 12, 12, "[0-9]{12}", "[0-9]{12}", {}, {}, kNoShape, kNoShape},  // 1
    {"AlgorithmSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfAlgorithmSpec, {}, kNoShape, kNoShape},  // 2
    {"AliasList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 4, kNoShape},  // 3
    {"AliasListEntry", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfAliasListEntry, kNoShape, kNoShape},  // 4
    {"AliasNameType", Type::string, Sensitive::no, 1, 256, "^[a-zA-Z0-9:/_-]+$", "^[a-zA-Z0-9:/_-]+$", {}, {}, kNoShape, kNoShape},  // 5
    {"AlreadyExistsException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfAlreadyExistsException, kNoShape, kNoShape},  // 6
    {"ArnType", Type::string, Sensitive::no, 20, 2048, "", "", {}, {}, kNoShape, kNoShape},  // 7
    {"AttestationDocumentType", Type::blob, Sensitive::no, 1, 262144, "", "", {}, {}, kNoShape, kNoShape},  // 8
    {"BackingKeyIdResponseType", Type::string, Sensitive::no, 0, 64, "^[a-f0-9]+$", "^[a-f0-9]+$", {}, {}, kNoShape, kNoShape},  // 9
    {"BackingKeyIdType", Type::string, Sensitive::no, 64, 64, "^[a-f0-9]+$", "^[a-f0-9]+$", {}, {}, kNoShape, kNoShape},  // 10
    {"BooleanType", Type::boolean, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 11
    {"CancelKeyDeletionRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCancelKeyDeletionRequest, kNoShape, kNoShape},  // 12
    {"CancelKeyDeletionResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCancelKeyDeletionResponse, kNoShape, kNoShape},  // 13
    {"CiphertextType", Type::blob, Sensitive::no, 1, 6144, "", "", {}, {}, kNoShape, kNoShape},  // 14
    {"CloudHsmClusterIdType", Type::string, Sensitive::no, 19, 24, "cluster-[2-7a-zA-Z]{11,16}", "cluster-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 15
    {"CloudHsmClusterInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmClusterInUseException, kNoShape, kNoShape},  // 16
    {"CloudHsmClusterInvalidConfigurationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmClusterInvalidConfigurationException, kNoShape, kNoShape},  // 17
    {"CloudHsmClusterNotActiveException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmClusterNotActiveException, kNoShape, kNoShape},  // 18
    {"CloudHsmClusterNotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmClusterNotFoundException, kNoShape, kNoShape},  // 19
    {"CloudHsmClusterNotRelatedException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmClusterNotRelatedException, kNoShape, kNoShape},  // 20
    {"CloudTrailEventIdType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 21
    {"ConflictException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfConflictException, kNoShape, kNoShape},  // 22
    {"ConnectCustomKeyStoreRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfConnectCustomKeyStoreRequest, kNoShape, kNoShape},  // 23
    {"ConnectCustomKeyStoreResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 24
    {"ConnectionErrorCodeType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfConnectionErrorCodeType, {}, kNoShape, kNoShape},  // 25
    {"ConnectionStateType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfConnectionStateType, {}, kNoShape, kNoShape},  // 26
    {"CreateAliasRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateAliasRequest, kNoShape, kNoShape},  // 27
    {"CreateCustomKeyStoreRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateCustomKeyStoreRequest, kNoShape, kNoShape},  // 28
    {"CreateCustomKeyStoreResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateCustomKeyStoreResponse, kNoShape, kNoShape},  // 29
    {"CreateGrantRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateGrantRequest, kNoShape, kNoShape},  // 30
    {"CreateGrantResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateGrantResponse, kNoShape, kNoShape},  // 31
    {"CreateKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateKeyRequest, kNoShape, kNoShape},  // 32
    {"CreateKeyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateKeyResponse, kNoShape, kNoShape},  // 33
    {"CustomKeyStoreHasCMKsException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCustomKeyStoreHasCMKsException, kNoShape, kNoShape},  // 34
    {"CustomKeyStoreIdType", Type::string, Sensitive::no, 1, 64, "", "", {}, {}, kNoShape, kNoShape},  // 35
    {"CustomKeyStoreInvalidStateException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCustomKeyStoreInvalidStateException, kNoShape, kNoShape},  // 36
    {"CustomKeyStoreNameInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCustomKeyStoreNameInUseException, kNoShape, kNoShape},  // 37
    {"CustomKeyStoreNameType", Type::string, Sensitive::no, 1, 256, "", "", {}, {}, kNoShape, kNoShape},  // 38
    {"CustomKeyStoreNotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCustomKeyStoreNotFoundException, kNoShape, kNoShape},  // 39
    {"CustomKeyStoreType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfCustomKeyStoreType, {}, kNoShape, kNoShape},  // 40
    {"CustomKeyStoresList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 42, kNoShape},  // 41
    {"CustomKeyStoresListEntry", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCustomKeyStoresListEntry, kNoShape, kNoShape},  // 42
    {"CustomerMasterKeySpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfCustomerMasterKeySpec, {}, kNoShape, kNoShape},  // 43
    {"DataKeyPairSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfDataKeyPairSpec, {}, kNoShape, kNoShape},  // 44
    {"DataKeySpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfDataKeySpec, {}, kNoShape, kNoShape},  // 45
    {"DateType", Type::timestamp, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 46
    {"DecryptRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDecryptRequest, kNoShape, kNoShape},  // 47
    {"DecryptResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDecryptResponse, kNoShape, kNoShape},  // 48
    {"DeleteAliasRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteAliasRequest, kNoShape, kNoShape},  // 49
    {"DeleteCustomKeyStoreRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteCustomKeyStoreRequest, kNoShape, kNoShape},  // 50
    {"DeleteCustomKeyStoreResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 51
    {"DeleteImportedKeyMaterialRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteImportedKeyMaterialRequest, kNoShape, kNoShape},  // 52
    {"DeleteImportedKeyMaterialResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteImportedKeyMaterialResponse, kNoShape, kNoShape},  // 53
    {"DependencyTimeoutException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDependencyTimeoutException, kNoShape, kNoShape},  // 54
    {"DeriveSharedSecretRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeriveSharedSecretRequest, kNoShape, kNoShape},  // 55
    {"DeriveSharedSecretResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeriveSharedSecretResponse, kNoShape, kNoShape},  // 56
    {"DescribeCustomKeyStoresRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeCustomKeyStoresRequest, kNoShape, kNoShape},  // 57
    {"DescribeCustomKeyStoresResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeCustomKeyStoresResponse, kNoShape, kNoShape},  // 58
    {"DescribeKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeKeyRequest, kNoShape, kNoShape},  // 59
    {"DescribeKeyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeKeyResponse, kNoShape, kNoShape},  // 60
    {"DescriptionType", Type::string, Sensitive::no, 0, 8192, "", "", {}, {}, kNoShape, kNoShape},  // 61
    {"DisableKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDisableKeyRequest, kNoShape, kNoShape},  // 62
    {"DisableKeyRotationRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDisableKeyRotationRequest, kNoShape, kNoShape},  // 63
    {"DisabledException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDisabledException, kNoShape, kNoShape},  // 64
    {"DisconnectCustomKeyStoreRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDisconnectCustomKeyStoreRequest, kNoShape, kNoShape},  // 65
    {"DisconnectCustomKeyStoreResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 66
    {"DryRunModifierList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 68, kNoShape},  // 67
    {"DryRunModifierType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfDryRunModifierType, {}, kNoShape, kNoShape},  // 68
    {"DryRunOperationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDryRunOperationException, kNoShape, kNoShape},  // 69
    {"EnableKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfEnableKeyRequest, kNoShape, kNoShape},  // 70
    {"EnableKeyRotationRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfEnableKeyRotationRequest, kNoShape, kNoShape},  // 71
    {"EncryptRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfEncryptRequest, kNoShape, kNoShape},  // 72
    {"EncryptResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfEncryptResponse, kNoShape, kNoShape},  // 73
    {"EncryptionAlgorithmSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfEncryptionAlgorithmSpec, {}, kNoShape, kNoShape},  // 74
    {"EncryptionAlgorithmSpecList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 74, kNoShape},  // 75
    {"EncryptionContextKey", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 76
    {"EncryptionContextType", Type::map, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 78, 76},  // 77
    {"EncryptionContextValue", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 78
    {"ErrorMessageType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 79
    {"ExpirationModelType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfExpirationModelType, {}, kNoShape, kNoShape},  // 80
    {"ExpiredImportTokenException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfExpiredImportTokenException, kNoShape, kNoShape},  // 81
    {"GenerateDataKeyPairRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyPairRequest, kNoShape, kNoShape},  // 82
    {"GenerateDataKeyPairResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyPairResponse, kNoShape, kNoShape},  // 83
    {"GenerateDataKeyPairWithoutPlaintextRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyPairWithoutPlaintextRequest, kNoShape, kNoShape},  // 84
    {"GenerateDataKeyPairWithoutPlaintextResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyPairWithoutPlaintextResponse, kNoShape, kNoShape},  // 85
    {"GenerateDataKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyRequest, kNoShape, kNoShape},  // 86
    {"GenerateDataKeyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyResponse, kNoShape, kNoShape},  // 87
    {"GenerateDataKeyWithoutPlaintextRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyWithoutPlaintextRequest, kNoShape, kNoShape},  // 88
    {"GenerateDataKeyWithoutPlaintextResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateDataKeyWithoutPlaintextResponse, kNoShape, kNoShape},  // 89
    {"GenerateMacRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateMacRequest, kNoShape, kNoShape},  // 90
    {"GenerateMacResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateMacResponse, kNoShape, kNoShape},  // 91
    {"GenerateRandomRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateRandomRequest, kNoShape, kNoShape},  // 92
    {"GenerateRandomResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGenerateRandomResponse, kNoShape, kNoShape},  // 93
    {"GetKeyLastUsageRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyLastUsageRequest, kNoShape, kNoShape},  // 94
    {"GetKeyLastUsageResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyLastUsageResponse, kNoShape, kNoShape},  // 95
    {"GetKeyPolicyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyPolicyRequest, kNoShape, kNoShape},  // 96
    {"GetKeyPolicyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyPolicyResponse, kNoShape, kNoShape},  // 97
    {"GetKeyRotationStatusRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyRotationStatusRequest, kNoShape, kNoShape},  // 98
    {"GetKeyRotationStatusResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetKeyRotationStatusResponse, kNoShape, kNoShape},  // 99
    {"GetParametersForImportRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetParametersForImportRequest, kNoShape, kNoShape},  // 100
    {"GetParametersForImportResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetParametersForImportResponse, kNoShape, kNoShape},  // 101
    {"GetPublicKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetPublicKeyRequest, kNoShape, kNoShape},  // 102
    {"GetPublicKeyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetPublicKeyResponse, kNoShape, kNoShape},  // 103
    {"GrantConstraintSourceArnType", Type::string, Sensitive::no, 20, 512, "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$", "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$", {}, {}, kNoShape, kNoShape},  // 104
    {"GrantConstraints", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGrantConstraints, kNoShape, kNoShape},  // 105
    {"GrantIdType", Type::string, Sensitive::no, 1, 128, "", "", {}, {}, kNoShape, kNoShape},  // 106
    {"GrantList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 108, kNoShape},  // 107
    {"GrantListEntry", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGrantListEntry, kNoShape, kNoShape},  // 108
    {"GrantNameType", Type::string, Sensitive::no, 1, 256, "^[a-zA-Z0-9:/_-]+$", "^[a-zA-Z0-9:/_-]+$", {}, {}, kNoShape, kNoShape},  // 109
    {"GrantOperation", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfGrantOperation, {}, kNoShape, kNoShape},  // 110
    {"GrantOperationList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 110, kNoShape},  // 111
    {"GrantTokenList", Type::list, Sensitive::no, 0, 10, "", "", {}, {}, 113, kNoShape},  // 112
    {"GrantTokenType", Type::string, Sensitive::no, 1, 8192, "", "", {}, {}, kNoShape, kNoShape},  // 113
    {"ImportKeyMaterialRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfImportKeyMaterialRequest, kNoShape, kNoShape},  // 114
    {"ImportKeyMaterialResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfImportKeyMaterialResponse, kNoShape, kNoShape},  // 115
    {"ImportState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfImportState, {}, kNoShape, kNoShape},  // 116
    {"ImportType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfImportType, {}, kNoShape, kNoShape},  // 117
    {"IncludeKeyMaterial", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfIncludeKeyMaterial, {}, kNoShape, kNoShape},  // 118
    {"IncorrectKeyException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfIncorrectKeyException, kNoShape, kNoShape},  // 119
    {"IncorrectKeyMaterialException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfIncorrectKeyMaterialException, kNoShape, kNoShape},  // 120
    {"IncorrectTrustAnchorException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfIncorrectTrustAnchorException, kNoShape, kNoShape},  // 121
    {"InvalidAliasNameException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidAliasNameException, kNoShape, kNoShape},  // 122
    {"InvalidArnException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidArnException, kNoShape, kNoShape},  // 123
    {"InvalidCiphertextException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidCiphertextException, kNoShape, kNoShape},  // 124
    {"InvalidGrantIdException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidGrantIdException, kNoShape, kNoShape},  // 125
    {"InvalidGrantTokenException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidGrantTokenException, kNoShape, kNoShape},  // 126
    {"InvalidImportTokenException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidImportTokenException, kNoShape, kNoShape},  // 127
    {"InvalidKeyUsageException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidKeyUsageException, kNoShape, kNoShape},  // 128
    {"InvalidMarkerException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInvalidMarkerException, kNoShape, kNoShape},  // 129
    {"KMSInternalException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKMSInternalException, kNoShape, kNoShape},  // 130
    {"KMSInvalidMacException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKMSInvalidMacException, kNoShape, kNoShape},  // 131
    {"KMSInvalidSignatureException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKMSInvalidSignatureException, kNoShape, kNoShape},  // 132
    {"KMSInvalidStateException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKMSInvalidStateException, kNoShape, kNoShape},  // 133
    {"KeyAgreementAlgorithmSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyAgreementAlgorithmSpec, {}, kNoShape, kNoShape},  // 134
    {"KeyAgreementAlgorithmSpecList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 134, kNoShape},  // 135
    {"KeyEncryptionMechanism", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyEncryptionMechanism, {}, kNoShape, kNoShape},  // 136
    {"KeyIdType", Type::string, Sensitive::no, 1, 2048, "", "", {}, {}, kNoShape, kNoShape},  // 137
    {"KeyLastUsageData", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKeyLastUsageData, kNoShape, kNoShape},  // 138
    {"KeyLastUsageTrackingOperation", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyLastUsageTrackingOperation, {}, kNoShape, kNoShape},  // 139
    {"KeyList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 141, kNoShape},  // 140
    {"KeyListEntry", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKeyListEntry, kNoShape, kNoShape},  // 141
    {"KeyManagerType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyManagerType, {}, kNoShape, kNoShape},  // 142
    {"KeyMaterialDescriptionType", Type::string, Sensitive::no, 0, 256, "^[a-zA-Z0-9:/_\\s.-]+$", "^[a-zA-Z0-9:/_\\s.-]+$", {}, {}, kNoShape, kNoShape},  // 143
    {"KeyMaterialState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyMaterialState, {}, kNoShape, kNoShape},  // 144
    {"KeyMetadata", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKeyMetadata, kNoShape, kNoShape},  // 145
    {"KeySpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeySpec, {}, kNoShape, kNoShape},  // 146
    {"KeyState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyState, {}, kNoShape, kNoShape},  // 147
    {"KeyStorePasswordType", Type::string, Sensitive::yes, 7, 32, "", "", {}, {}, kNoShape, kNoShape},  // 148
    {"KeyUnavailableException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfKeyUnavailableException, kNoShape, kNoShape},  // 149
    {"KeyUsageType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfKeyUsageType, {}, kNoShape, kNoShape},  // 150
    {"KmsRequestIdType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 151
    {"LimitExceededException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfLimitExceededException, kNoShape, kNoShape},  // 152
    {"LimitType", Type::integer, Sensitive::no, 1, 1000, "", "", {}, {}, kNoShape, kNoShape},  // 153
    {"ListAliasesRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListAliasesRequest, kNoShape, kNoShape},  // 154
    {"ListAliasesResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListAliasesResponse, kNoShape, kNoShape},  // 155
    {"ListGrantsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListGrantsRequest, kNoShape, kNoShape},  // 156
    {"ListGrantsResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListGrantsResponse, kNoShape, kNoShape},  // 157
    {"ListKeyPoliciesRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeyPoliciesRequest, kNoShape, kNoShape},  // 158
    {"ListKeyPoliciesResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeyPoliciesResponse, kNoShape, kNoShape},  // 159
    {"ListKeyRotationsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeyRotationsRequest, kNoShape, kNoShape},  // 160
    {"ListKeyRotationsResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeyRotationsResponse, kNoShape, kNoShape},  // 161
    {"ListKeysRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeysRequest, kNoShape, kNoShape},  // 162
    {"ListKeysResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListKeysResponse, kNoShape, kNoShape},  // 163
    {"ListResourceTagsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListResourceTagsRequest, kNoShape, kNoShape},  // 164
    {"ListResourceTagsResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListResourceTagsResponse, kNoShape, kNoShape},  // 165
    {"ListRetirableGrantsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListRetirableGrantsRequest, kNoShape, kNoShape},  // 166
    {"MacAlgorithmSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfMacAlgorithmSpec, {}, kNoShape, kNoShape},  // 167
    {"MacAlgorithmSpecList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 167, kNoShape},  // 168
    {"MalformedPolicyDocumentException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfMalformedPolicyDocumentException, kNoShape, kNoShape},  // 169
    {"MarkerType", Type::string, Sensitive::no, 1, 1024, "[\\u0020-\\u00FF]*", "[\\x{0020}-\\x{00FF}]*", {}, {}, kNoShape, kNoShape},  // 170
    {"MessageType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfMessageType, {}, kNoShape, kNoShape},  // 171
    {"MultiRegionConfiguration", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfMultiRegionConfiguration, kNoShape, kNoShape},  // 172
    {"MultiRegionKey", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfMultiRegionKey, kNoShape, kNoShape},  // 173
    {"MultiRegionKeyList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 173, kNoShape},  // 174
    {"MultiRegionKeyType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfMultiRegionKeyType, {}, kNoShape, kNoShape},  // 175
    {"NotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfNotFoundException, kNoShape, kNoShape},  // 176
    {"NullableBooleanType", Type::boolean, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 177
    {"NumberOfBytesType", Type::integer, Sensitive::no, 1, 1024, "", "", {}, {}, kNoShape, kNoShape},  // 178
    {"OriginType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfOriginType, {}, kNoShape, kNoShape},  // 179
    {"PendingWindowInDaysType", Type::integer, Sensitive::no, 1, 365, "", "", {}, {}, kNoShape, kNoShape},  // 180
    {"PlaintextType", Type::blob, Sensitive::yes, 1, 4096, "", "", {}, {}, kNoShape, kNoShape},  // 181
    {"PolicyNameList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 183, kNoShape},  // 182
    {"PolicyNameType", Type::string, Sensitive::no, 1, 128, "[\\w]+", "[\\w]+", {}, {}, kNoShape, kNoShape},  // 183
    {"PolicyType", Type::string, Sensitive::no, 1, 131072, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", "[\\x{0009}\\x{000A}\\x{000D}\\x{0020}-\\x{00FF}]+", {}, {}, kNoShape, kNoShape},  // 184
    {"PrincipalIdType", Type::string, Sensitive::no, 1, 256, "^[\\w+=,.@:/-]+$", "^[\\w+=,.@:/-]+$", {}, {}, kNoShape, kNoShape},  // 185
    {"PublicKeyType", Type::blob, Sensitive::no, 1, 8192, "", "", {}, {}, kNoShape, kNoShape},  // 186
    {"PutKeyPolicyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfPutKeyPolicyRequest, kNoShape, kNoShape},  // 187
    {"ReEncryptRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfReEncryptRequest, kNoShape, kNoShape},  // 188
    {"ReEncryptResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfReEncryptResponse, kNoShape, kNoShape},  // 189
    {"RecipientInfo", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRecipientInfo, kNoShape, kNoShape},  // 190
    {"RegionType", Type::string, Sensitive::no, 1, 32, "^([a-z]+-){2,3}\\d+$", "^([a-z]+-){2,3}\\d+$", {}, {}, kNoShape, kNoShape},  // 191
    {"ReplicateKeyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfReplicateKeyRequest, kNoShape, kNoShape},  // 192
    {"ReplicateKeyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfReplicateKeyResponse, kNoShape, kNoShape},  // 193
    {"RetireGrantRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRetireGrantRequest, kNoShape, kNoShape},  // 194
    {"RevokeGrantRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRevokeGrantRequest, kNoShape, kNoShape},  // 195
    {"RotateKeyOnDemandRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRotateKeyOnDemandRequest, kNoShape, kNoShape},  // 196
    {"RotateKeyOnDemandResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRotateKeyOnDemandResponse, kNoShape, kNoShape},  // 197
    {"RotationPeriodInDaysType", Type::integer, Sensitive::no, 90, 2560, "", "", {}, {}, kNoShape, kNoShape},  // 198
    {"RotationType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfRotationType, {}, kNoShape, kNoShape},  // 199
    {"RotationsList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 201, kNoShape},  // 200
    {"RotationsListEntry", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRotationsListEntry, kNoShape, kNoShape},  // 201
    {"ScheduleKeyDeletionRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfScheduleKeyDeletionRequest, kNoShape, kNoShape},  // 202
    {"ScheduleKeyDeletionResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfScheduleKeyDeletionResponse, kNoShape, kNoShape},  // 203
    {"ServicePrincipalType", Type::string, Sensitive::no, 1, 128, "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$", "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$", {}, {}, kNoShape, kNoShape},  // 204
    {"SignRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfSignRequest, kNoShape, kNoShape},  // 205
    {"SignResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfSignResponse, kNoShape, kNoShape},  // 206
    {"SigningAlgorithmSpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfSigningAlgorithmSpec, {}, kNoShape, kNoShape},  // 207
    {"SigningAlgorithmSpecList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 207, kNoShape},  // 208
    {"Tag", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfTag, kNoShape, kNoShape},  // 209
    {"TagException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfTagException, kNoShape, kNoShape},  // 210
    {"TagKeyList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 212, kNoShape},  // 211
    {"TagKeyType", Type::string, Sensitive::no, 1, 128, "", "", {}, {}, kNoShape, kNoShape},  // 212
    {"TagList", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 209, kNoShape},  // 213
    {"TagResourceRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfTagResourceRequest, kNoShape, kNoShape},  // 214
    {"TagValueType", Type::string, Sensitive::no, 0, 256, "", "", {}, {}, kNoShape, kNoShape},  // 215
    {"TrustAnchorCertificateType", Type::string, Sensitive::no, 1, 5000, "", "", {}, {}, kNoShape, kNoShape},  // 216
    {"UnsupportedOperationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUnsupportedOperationException, kNoShape, kNoShape},  // 217
    {"UntagResourceRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUntagResourceRequest, kNoShape, kNoShape},  // 218
    {"UpdateAliasRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUpdateAliasRequest, kNoShape, kNoShape},  // 219
    {"UpdateCustomKeyStoreRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUpdateCustomKeyStoreRequest, kNoShape, kNoShape},  // 220
    {"UpdateCustomKeyStoreResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 221
    {"UpdateKeyDescriptionRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUpdateKeyDescriptionRequest, kNoShape, kNoShape},  // 222
    {"UpdatePrimaryRegionRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUpdatePrimaryRegionRequest, kNoShape, kNoShape},  // 223
    {"VerifyMacRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfVerifyMacRequest, kNoShape, kNoShape},  // 224
    {"VerifyMacResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfVerifyMacResponse, kNoShape, kNoShape},  // 225
    {"VerifyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfVerifyRequest, kNoShape, kNoShape},  // 226
    {"VerifyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfVerifyResponse, kNoShape, kNoShape},  // 227
    {"WrappingKeySpec", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfWrappingKeySpec, {}, kNoShape, kNoShape},  // 228
    {"XksKeyAlreadyInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksKeyAlreadyInUseException, kNoShape, kNoShape},  // 229
    {"XksKeyConfigurationType", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksKeyConfigurationType, kNoShape, kNoShape},  // 230
    {"XksKeyIdType", Type::string, Sensitive::no, 1, 128, "^[a-zA-Z0-9-_.]+$", "^[a-zA-Z0-9_.-]+$", {}, {}, kNoShape, kNoShape},  // 231
    {"XksKeyInvalidConfigurationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksKeyInvalidConfigurationException, kNoShape, kNoShape},  // 232
    {"XksKeyNotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksKeyNotFoundException, kNoShape, kNoShape},  // 233
    {"XksProxyAuthenticationAccessKeyIdType", Type::string, Sensitive::yes, 20, 30, "^[A-Z2-7]+$", "^[A-Z2-7]+$", {}, {}, kNoShape, kNoShape},  // 234
    {"XksProxyAuthenticationCredentialType", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyAuthenticationCredentialType, kNoShape, kNoShape},  // 235
    {"XksProxyAuthenticationRawSecretAccessKeyType", Type::string, Sensitive::yes, 43, 64, "^[a-zA-Z0-9\\/+=]+$", "^[a-zA-Z0-9\\/+=]+$", {}, {}, kNoShape, kNoShape},  // 236
    {"XksProxyConfigurationType", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyConfigurationType, kNoShape, kNoShape},  // 237
    {"XksProxyConnectivityType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfXksProxyConnectivityType, {}, kNoShape, kNoShape},  // 238
    {"XksProxyIncorrectAuthenticationCredentialException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyIncorrectAuthenticationCredentialException, kNoShape, kNoShape},  // 239
    {"XksProxyInvalidConfigurationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyInvalidConfigurationException, kNoShape, kNoShape},  // 240
    {"XksProxyInvalidResponseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyInvalidResponseException, kNoShape, kNoShape},  // 241
    {"XksProxyUriEndpointInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyUriEndpointInUseException, kNoShape, kNoShape},  // 242
    {"XksProxyUriEndpointType", Type::string, Sensitive::no, 10, 128, "^https://[a-zA-Z0-9.-]+$", "^https://[a-zA-Z0-9.-]+$", {}, {}, kNoShape, kNoShape},  // 243
    {"XksProxyUriInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyUriInUseException, kNoShape, kNoShape},  // 244
    {"XksProxyUriPathType", Type::string, Sensitive::no, 10, 128, "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$", "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$", {}, {}, kNoShape, kNoShape},  // 245
    {"XksProxyUriUnreachableException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyUriUnreachableException, kNoShape, kNoShape},  // 246
    {"XksProxyVpcEndpointServiceInUseException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyVpcEndpointServiceInUseException, kNoShape, kNoShape},  // 247
    {"XksProxyVpcEndpointServiceInvalidConfigurationException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyVpcEndpointServiceInvalidConfigurationException, kNoShape, kNoShape},  // 248
    {"XksProxyVpcEndpointServiceNameType", Type::string, Sensitive::no, 20, 64, "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$", "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$", {}, {}, kNoShape, kNoShape},  // 249
    {"XksProxyVpcEndpointServiceNotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfXksProxyVpcEndpointServiceNotFoundException, kNoShape, kNoShape},  // 250
};

constexpr std::string_view kErrorsOfCancelKeyDeletion[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfConnectCustomKeyStore[] = {
    "CloudHsmClusterInvalidConfigurationException",
    "CloudHsmClusterNotActiveException",
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException",
    "KMSInternalException",
};
constexpr std::string_view kErrorsOfCreateAlias[] = {
    "AlreadyExistsException",
    "DependencyTimeoutException",
    "InvalidAliasNameException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfCreateCustomKeyStore[] = {
    "CloudHsmClusterInUseException",
    "CloudHsmClusterInvalidConfigurationException",
    "CloudHsmClusterNotActiveException",
    "CloudHsmClusterNotFoundException",
    "CustomKeyStoreNameInUseException",
    "IncorrectTrustAnchorException",
    "KMSInternalException",
    "LimitExceededException",
    "XksProxyIncorrectAuthenticationCredentialException",
    "XksProxyInvalidConfigurationException",
    "XksProxyInvalidResponseException",
    "XksProxyUriEndpointInUseException",
    "XksProxyUriInUseException",
    "XksProxyUriUnreachableException",
    "XksProxyVpcEndpointServiceInUseException",
    "XksProxyVpcEndpointServiceInvalidConfigurationException",
    "XksProxyVpcEndpointServiceNotFoundException",
};
constexpr std::string_view kErrorsOfCreateGrant[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidArnException",
    "InvalidGrantTokenException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfCreateKey[] = {
    "CloudHsmClusterInvalidConfigurationException",
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException",
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "LimitExceededException",
    "MalformedPolicyDocumentException",
    "TagException",
    "UnsupportedOperationException",
    "XksKeyAlreadyInUseException",
    "XksKeyInvalidConfigurationException",
    "XksKeyNotFoundException",
};
constexpr std::string_view kErrorsOfDecrypt[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfDeleteAlias[] = {
    "DependencyTimeoutException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfDeleteCustomKeyStore[] = {
    "CustomKeyStoreHasCMKsException",
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException",
    "KMSInternalException",
};
constexpr std::string_view kErrorsOfDeleteImportedKeyMaterial[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfDeriveSharedSecret[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfDescribeCustomKeyStores[] = {
    "CustomKeyStoreNotFoundException",
    "InvalidMarkerException",
    "KMSInternalException",
};
constexpr std::string_view kErrorsOfDescribeKey[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfDisableKey[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfDisableKeyRotation[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfDisconnectCustomKeyStore[] = {
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException",
    "KMSInternalException",
};
constexpr std::string_view kErrorsOfEnableKey[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfEnableKeyRotation[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfEncrypt[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGenerateDataKey[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGenerateDataKeyPair[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfGenerateDataKeyPairWithoutPlaintext[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfGenerateDataKeyWithoutPlaintext[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGenerateMac[] = {
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGenerateRandom[] = {
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNotFoundException",
    "DependencyTimeoutException",
    "KMSInternalException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfGetKeyLastUsage[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGetKeyPolicy[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfGetKeyRotationStatus[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfGetParametersForImport[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfGetPublicKey[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "InvalidArnException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfImportKeyMaterial[] = {
    "DependencyTimeoutException",
    "ExpiredImportTokenException",
    "IncorrectKeyMaterialException",
    "InvalidArnException",
    "InvalidCiphertextException",
    "InvalidImportTokenException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfListAliases[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "InvalidMarkerException",
    "KMSInternalException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfListGrants[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "InvalidGrantIdException",
    "InvalidMarkerException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfListKeyPolicies[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfListKeyRotations[] = {
    "InvalidArnException",
    "InvalidMarkerException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfListKeys[] = {
    "DependencyTimeoutException",
    "InvalidMarkerException",
    "KMSInternalException",
};
constexpr std::string_view kErrorsOfListResourceTags[] = {
    "InvalidArnException",
    "InvalidMarkerException",
    "KMSInternalException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfListRetirableGrants[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "InvalidMarkerException",
    "KMSInternalException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfPutKeyPolicy[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "MalformedPolicyDocumentException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfReEncrypt[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfReplicateKey[] = {
    "AlreadyExistsException",
    "DisabledException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "MalformedPolicyDocumentException",
    "NotFoundException",
    "TagException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfRetireGrant[] = {
    "DependencyTimeoutException",
    "DryRunOperationException",
    "InvalidArnException",
    "InvalidGrantIdException",
    "InvalidGrantTokenException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfRevokeGrant[] = {
    "DependencyTimeoutException",
    "DryRunOperationException",
    "InvalidArnException",
    "InvalidGrantIdException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfRotateKeyOnDemand[] = {
    "ConflictException",
    "DependencyTimeoutException",
    "DisabledException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfScheduleKeyDeletion[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfSign[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfTagResource[] = {
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
    "TagException",
};
constexpr std::string_view kErrorsOfUntagResource[] = {
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "TagException",
};
constexpr std::string_view kErrorsOfUpdateAlias[] = {
    "DependencyTimeoutException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfUpdateCustomKeyStore[] = {
    "CloudHsmClusterInvalidConfigurationException",
    "CloudHsmClusterNotActiveException",
    "CloudHsmClusterNotFoundException",
    "CloudHsmClusterNotRelatedException",
    "CustomKeyStoreInvalidStateException",
    "CustomKeyStoreNameInUseException",
    "CustomKeyStoreNotFoundException",
    "KMSInternalException",
    "XksProxyIncorrectAuthenticationCredentialException",
    "XksProxyInvalidConfigurationException",
    "XksProxyInvalidResponseException",
    "XksProxyUriEndpointInUseException",
    "XksProxyUriInUseException",
    "XksProxyUriUnreachableException",
    "XksProxyVpcEndpointServiceInUseException",
    "XksProxyVpcEndpointServiceInvalidConfigurationException",
    "XksProxyVpcEndpointServiceNotFoundException",
};
constexpr std::string_view kErrorsOfUpdateKeyDescription[] = {
    "DependencyTimeoutException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfUpdatePrimaryRegion[] = {
    "DisabledException",
    "InvalidArnException",
    "KMSInternalException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
};
constexpr std::string_view kErrorsOfVerify[] = {
    "DependencyTimeoutException",
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidSignatureException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};
constexpr std::string_view kErrorsOfVerifyMac[] = {
    "DisabledException",
    "DryRunOperationException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInternalException",
    "KMSInvalidMacException",
    "KMSInvalidStateException",
    "KeyUnavailableException",
    "NotFoundException",
};

constexpr Operation kOperations[] = {
    {"CancelKeyDeletion", 12, 13, kErrorsOfCancelKeyDeletion},
    {"ConnectCustomKeyStore", 23, 24, kErrorsOfConnectCustomKeyStore},
    {"CreateAlias", 27, kNoShape, kErrorsOfCreateAlias},
    {"CreateCustomKeyStore", 28, 29, kErrorsOfCreateCustomKeyStore},
    {"CreateGrant", 30, 31, kErrorsOfCreateGrant},
    {"CreateKey", 32, 33, kErrorsOfCreateKey},
    {"Decrypt", 47, 48, kErrorsOfDecrypt},
    {"DeleteAlias", 49, kNoShape, kErrorsOfDeleteAlias},
    {"DeleteCustomKeyStore", 50, 51, kErrorsOfDeleteCustomKeyStore},
    {"DeleteImportedKeyMaterial", 52, 53, kErrorsOfDeleteImportedKeyMaterial},
    {"DeriveSharedSecret", 55, 56, kErrorsOfDeriveSharedSecret},
    {"DescribeCustomKeyStores", 57, 58, kErrorsOfDescribeCustomKeyStores},
    {"DescribeKey", 59, 60, kErrorsOfDescribeKey},
    {"DisableKey", 62, kNoShape, kErrorsOfDisableKey},
    {"DisableKeyRotation", 63, kNoShape, kErrorsOfDisableKeyRotation},
    {"DisconnectCustomKeyStore", 65, 66, kErrorsOfDisconnectCustomKeyStore},
    {"EnableKey", 70, kNoShape, kErrorsOfEnableKey},
    {"EnableKeyRotation", 71, kNoShape, kErrorsOfEnableKeyRotation},
    {"Encrypt", 72, 73, kErrorsOfEncrypt},
    {"GenerateDataKey", 86, 87, kErrorsOfGenerateDataKey},
    {"GenerateDataKeyPair", 82, 83, kErrorsOfGenerateDataKeyPair},
    {"GenerateDataKeyPairWithoutPlaintext", 84, 85, kErrorsOfGenerateDataKeyPairWithoutPlaintext},
    {"GenerateDataKeyWithoutPlaintext", 88, 89, kErrorsOfGenerateDataKeyWithoutPlaintext},
    {"GenerateMac", 90, 91, kErrorsOfGenerateMac},
    {"GenerateRandom", 92, 93, kErrorsOfGenerateRandom},
    {"GetKeyLastUsage", 94, 95, kErrorsOfGetKeyLastUsage},
    {"GetKeyPolicy", 96, 97, kErrorsOfGetKeyPolicy},
    {"GetKeyRotationStatus", 98, 99, kErrorsOfGetKeyRotationStatus},
    {"GetParametersForImport", 100, 101, kErrorsOfGetParametersForImport},
    {"GetPublicKey", 102, 103, kErrorsOfGetPublicKey},
    {"ImportKeyMaterial", 114, 115, kErrorsOfImportKeyMaterial},
    {"ListAliases", 154, 155, kErrorsOfListAliases},
    {"ListGrants", 156, 157, kErrorsOfListGrants},
    {"ListKeyPolicies", 158, 159, kErrorsOfListKeyPolicies},
    {"ListKeyRotations", 160, 161, kErrorsOfListKeyRotations},
    {"ListKeys", 162, 163, kErrorsOfListKeys},
    {"ListResourceTags", 164, 165, kErrorsOfListResourceTags},
    {"ListRetirableGrants", 166, 157, kErrorsOfListRetirableGrants},
    {"PutKeyPolicy", 187, kNoShape, kErrorsOfPutKeyPolicy},
    {"ReEncrypt", 188, 189, kErrorsOfReEncrypt},
    {"ReplicateKey", 192, 193, kErrorsOfReplicateKey},
    {"RetireGrant", 194, kNoShape, kErrorsOfRetireGrant},
    {"RevokeGrant", 195, kNoShape, kErrorsOfRevokeGrant},
    {"RotateKeyOnDemand", 196, 197, kErrorsOfRotateKeyOnDemand},
    {"ScheduleKeyDeletion", 202, 203, kErrorsOfScheduleKeyDeletion},
    {"Sign", 205, 206, kErrorsOfSign},
    {"TagResource", 214, kNoShape, kErrorsOfTagResource},
    {"UntagResource", 218, kNoShape, kErrorsOfUntagResource},
    {"UpdateAlias", 219, kNoShape, kErrorsOfUpdateAlias},
    {"UpdateCustomKeyStore", 220, 221, kErrorsOfUpdateCustomKeyStore},
    {"UpdateKeyDescription", 222, kNoShape, kErrorsOfUpdateKeyDescription},
    {"UpdatePrimaryRegion", 223, kNoShape, kErrorsOfUpdatePrimaryRegion},
    {"Verify", 226, 227, kErrorsOfVerify},
    {"VerifyMac", 224, 225, kErrorsOfVerifyMac},
};

constexpr Exception kExceptions[] = {
    {"AlreadyExistsException", Fault::client},
    {"CloudHsmClusterInUseException", Fault::client},
    {"CloudHsmClusterInvalidConfigurationException", Fault::client},
    {"CloudHsmClusterNotActiveException", Fault::client},
    {"CloudHsmClusterNotFoundException", Fault::client},
    {"CloudHsmClusterNotRelatedException", Fault::client},
    {"ConflictException", Fault::client},
    {"CustomKeyStoreHasCMKsException", Fault::client},
    {"CustomKeyStoreInvalidStateException", Fault::client},
    {"CustomKeyStoreNameInUseException", Fault::client},
    {"CustomKeyStoreNotFoundException", Fault::client},
    {"DependencyTimeoutException", Fault::server},
    {"DisabledException", Fault::client},
    {"DryRunOperationException", Fault::client},
    {"ExpiredImportTokenException", Fault::client},
    {"IncorrectKeyException", Fault::client},
    {"IncorrectKeyMaterialException", Fault::client},
    {"IncorrectTrustAnchorException", Fault::client},
    {"InvalidAliasNameException", Fault::client},
    {"InvalidArnException", Fault::client},
    {"InvalidCiphertextException", Fault::client},
    {"InvalidGrantIdException", Fault::client},
    {"InvalidGrantTokenException", Fault::client},
    {"InvalidImportTokenException", Fault::client},
    {"InvalidKeyUsageException", Fault::client},
    {"InvalidMarkerException", Fault::client},
    {"KMSInternalException", Fault::server},
    {"KMSInvalidMacException", Fault::client},
    {"KMSInvalidSignatureException", Fault::client},
    {"KMSInvalidStateException", Fault::client},
    {"KeyUnavailableException", Fault::server},
    {"LimitExceededException", Fault::client},
    {"MalformedPolicyDocumentException", Fault::client},
    {"NotFoundException", Fault::client},
    {"TagException", Fault::client},
    {"UnsupportedOperationException", Fault::client},
    {"XksKeyAlreadyInUseException", Fault::client},
    {"XksKeyInvalidConfigurationException", Fault::client},
    {"XksKeyNotFoundException", Fault::client},
    {"XksProxyIncorrectAuthenticationCredentialException", Fault::client},
    {"XksProxyInvalidConfigurationException", Fault::client},
    {"XksProxyInvalidResponseException", Fault::client},
    {"XksProxyUriEndpointInUseException", Fault::client},
    {"XksProxyUriInUseException", Fault::client},
    {"XksProxyUriUnreachableException", Fault::client},
    {"XksProxyVpcEndpointServiceInUseException", Fault::client},
    {"XksProxyVpcEndpointServiceInvalidConfigurationException", Fault::client},
    {"XksProxyVpcEndpointServiceNotFoundException", Fault::client},
};

constexpr Service kService{"2014-11-01", "TrentService", kShapes, kOperations, kExceptions};

}  // namespace

const Service& kms() noexcept {
    return kService;
}

}  // namespace claviger::model
