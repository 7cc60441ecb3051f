terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "sts" {
  type    = string
  default = ""
}

provider "aws" {
  region = "us-east-1"
  # The sandbox has no regions and no account.
  skip_region_validation      = var.sts != ""
  skip_requesting_account_id  = var.sts != ""
  skip_credentials_validation = var.sts != ""
  endpoints {
    sts = var.sts == "" ? null : var.sts
  }
}

data "aws_caller_identity" "acme" {}

output "arn" {
  value = data.aws_caller_identity.acme.arn
}
