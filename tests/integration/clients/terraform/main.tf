terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "endpoint" { type = string }

# Of AWS only the key service is here: nothing else may be asked.
provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    kms = var.endpoint
  }
}

resource "aws_kms_key" "symmetric" {
  description             = "orders"
  enable_key_rotation     = true
  rotation_period_in_days = 180
  deletion_window_in_days = 7
  tags                    = { team = "orders", _custom_id_ = "11111111-2222-4333-8444-555555555555" }
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "root"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::000000000000:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "of_spec" {
  for_each = {
    RSA_2048      = "SIGN_VERIFY"
    RSA_3072      = "ENCRYPT_DECRYPT"
    ECC_NIST_P256 = "SIGN_VERIFY"
    ECC_NIST_P384 = "KEY_AGREEMENT"
    HMAC_256      = "GENERATE_VERIFY_MAC"
  }
  customer_master_key_spec = each.key
  key_usage                = each.value
  deletion_window_in_days  = 7
}

resource "aws_kms_key" "multi_region" {
  multi_region            = true
  deletion_window_in_days = 7
}

resource "aws_kms_external_key" "imported" {
  key_material_base64     = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
  enabled                 = true
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "orders" {
  name          = "alias/orders"
  target_key_id = aws_kms_key.symmetric.key_id
}

resource "aws_kms_grant" "reader" {
  name              = "reader"
  key_id            = aws_kms_key.symmetric.key_id
  grantee_principal = "arn:aws:iam::000000000000:role/reader"
  operations        = ["Decrypt", "DescribeKey"]
  constraints {
    encryption_context_equals = { department = "sales" }
  }
}

resource "aws_kms_ciphertext" "secret" {
  key_id    = aws_kms_key.symmetric.key_id
  plaintext = "secret"
  context   = { department = "sales" }
}

data "aws_kms_key" "by_alias" { key_id = aws_kms_alias.orders.name }
data "aws_kms_public_key" "signer" { key_id = aws_kms_key.of_spec["ECC_NIST_P256"].key_id }
data "aws_kms_alias" "managed" { name = "alias/aws/s3" }

output "key" { value = data.aws_kms_key.by_alias.id }
output "secret" { value = aws_kms_ciphertext.secret.ciphertext_blob }
