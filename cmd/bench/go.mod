module github.com/attune-vf/attune/cmd/bench

go 1.26.0
