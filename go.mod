module github.com/nescript/nescript

go 1.26.0
