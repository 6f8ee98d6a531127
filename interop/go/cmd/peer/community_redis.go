//go:build stores

package main

import (
	"context"

	"github.com/boj/redistore"
	redistore2 "github.com/boj/redistore/v2"
	"github.com/gorilla/sessions"
	"github.com/rbcervilla/redisstore/v9"
	"github.com/redis/go-redis/v9"
)

const thirtyDays = 30 * 86400

func init() {
	openers["redistore"] = openRedistore
	openers["redistore/v2"] = openRedistore2
	openers["redisstore/v9"] = openRedisstore
}

func openRedistore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	store, err := redistore.NewRediStore(4, "tcp", s.Server, "", "", keyPairs...)
	if err != nil {
		return nil, err
	}
	if s.Table != "" {
		store.SetKeyPrefix(s.Table)
	}
	if s.Format == "json" {
		store.SetSerializer(redistore.JSONSerializer{})
	}
	return store, nil
}

func openRedistore2(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	options := []redistore2.Option{redistore2.WithAddress("tcp", s.Server)}
	if s.Table != "" {
		options = append(options, redistore2.WithKeyPrefix(s.Table))
	}
	if s.Format == "json" {
		options = append(options, redistore2.WithSerializer(redistore2.JSONSerializer{}))
	}
	return redistore2.NewStore(keyPairs, options...)
}

func openRedisstore(s communityStore, _ [][]byte) (sessions.Store, error) {
	client := redis.NewClient(&redis.Options{Addr: s.Server})
	store, err := redisstore.NewRedisStore(context.Background(), client)
	if err != nil {
		return nil, err
	}
	if s.Table != "" {
		store.KeyPrefix(s.Table)
	}
	store.Options(sessions.Options{Path: "/", MaxAge: thirtyDays})
	return store, nil
}
