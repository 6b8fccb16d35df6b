module example.com/terraform_client

go 1.24.0

require github.com/hashicorp/terraform-svchost v0.2.1

require (
	github.com/apparentlymart/go-textseg/v15 v15.0.0 // indirect
	github.com/zclconf/go-cty v1.16.4 // indirect
	golang.org/x/net v0.43.0 // indirect
	golang.org/x/text v0.28.0 // indirect
)
