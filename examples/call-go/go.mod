module example.com/call-go

go 1.22
