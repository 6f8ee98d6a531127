//go:build stores

package main

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/bradfitz/gomemcache/memcache"
	gsmemcache "github.com/bradleypeabody/gorilla-sessions-memcache"
	"github.com/globalsign/mgo"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	kidstuff "github.com/kidstuff/mongostore"
	laziness "github.com/laziness-coders/mongostore"
	"github.com/savaki/dynastore"
	"go.mongodb.org/mongo-driver/mongo"
	mongooptions "go.mongodb.org/mongo-driver/mongo/options"
)

func init() {
	openers["memcache"] = openMemcache
	openers["kidstuff/mongostore"] = openKidstuff
	openers["laziness-coders/mongostore"] = openLaziness
	openers["dynastore"] = openDynastore
}

func openMemcache(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	store := gsmemcache.NewMemcacheStore(memcache.New(s.Server), s.Table, keyPairs...)
	store.StoreMethod = gsmemcache.StoreMethod(s.Format)
	return store, nil
}

func openKidstuff(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	connection, err := mgo.Dial(s.Server)
	if err != nil {
		return nil, err
	}
	return kidstuff.NewMongoStore(connection.DB("test").C(s.Table), thirtyDays, false, keyPairs...), nil
}

func openLaziness(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	client, err := mongo.Connect(context.Background(), mongooptions.Client().ApplyURI(s.Server))
	if err != nil {
		return nil, err
	}
	collection := client.Database("test").Collection(s.Table)
	return laziness.NewMongoStore(collection, thirtyDays, false, keyPairs...), nil
}

func openDynastore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	opts := []dynastore.Option{
		dynastore.AWSConfig(&aws.Config{
			Endpoint:    aws.String(s.Server),
			Region:      aws.String("local"),
			Credentials: credentials.NewStaticCredentials("test", "test", ""),
		}),
		dynastore.TableName(s.Table),
		dynastore.Path("/"),
		dynastore.MaxAge(thirtyDays),
	}
	switch s.Format {
	case "":
	case "signed":
		codecs := securecookie.CodecsFromPairs(keyPairs...)
		// Records may be longer than the default limit of 4096 characters. The store has no setting for it.
		unlimited := 0
		if err := (settings{MaxLength: &unlimited}).applyAll(codecs); err != nil {
			return nil, err
		}
		opts = append(opts, dynastore.Codecs(codecs...))
	default:
		return nil, requestError{errors.New("format must be signed")}
	}
	return dynastore.New(opts...)
}
