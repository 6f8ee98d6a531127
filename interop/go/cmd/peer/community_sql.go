//go:build stores

package main

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/antonlindstrom/pgstore"
	gsm "github.com/danielepintore/gorilla-sessions-mysql"
	"github.com/gorilla/sessions"
	"github.com/lafriks/xormstore"
	"github.com/michaeljs1990/sqlitestore"
	"github.com/srinathgs/mysqlstore"
	"github.com/wader/gormstore/v2"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"xorm.io/xorm"
)

func init() {
	openers["pgstore"] = openPgstore
	openers["gormstore/v2"] = openGormstore
	openers["xormstore"] = openXormstore
	openers["mysqlstore"] = openMysqlstore
	openers["gorilla-sessions-mysql"] = openGorillaSessionsMysql
	openers["sqlitestore"] = openSqlitestore
}

func openPgstore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	return pgstore.NewPGStore(s.Server+"?sslmode=disable", keyPairs...)
}

func openMysqlstore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	return mysqlstore.NewMySQLStore(s.Server+"?parseTime=true", s.Table, "/", thirtyDays, keyPairs...)
}

func openGorillaSessionsMysql(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	db, err := sql.Open("mysql", s.Server+"?parseTime=true")
	if err != nil {
		return nil, err
	}
	pairs := []gsm.KeyPair{}
	for i := 0; i < len(keyPairs); i += 2 {
		pairs = append(pairs, gsm.KeyPair{AuthenticationKey: keyPairs[i], EncryptionKey: keyPairs[i+1]})
	}
	return gsm.NewMysqlStore(db, s.Table, pairs, gsm.WithMaxAge(thirtyDays))
}

func openSqlitestore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	return sqlitestore.NewSqliteStore(s.Server+"?_busy_timeout=60000", s.Table, "/", thirtyDays, keyPairs...)
}

// openGormstore opens PostgreSQL if the server is a URL, SQLite if it is a
// path, and MySQL otherwise.
func openGormstore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	var dialector gorm.Dialector
	switch driverOf(s.Server) {
	case "postgres":
		dialector = postgres.Open(s.Server + "?sslmode=disable")
	case "sqlite3":
		dialector = sqlite.Open(s.Server + "?_busy_timeout=60000")
	default:
		dialector = mysql.Open(s.Server + "?parseTime=true")
	}
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	return gormstore.NewOptions(db, gormstore.Options{TableName: s.Table}, keyPairs...), nil
}

func openXormstore(s communityStore, keyPairs [][]byte) (sessions.Store, error) {
	driver := driverOf(s.Server)
	parameters := map[string]string{
		"postgres": "?sslmode=disable",
		"sqlite3":  "?_busy_timeout=60000",
		"mysql":    "",
	}
	engine, err := xorm.NewEngine(driver, s.Server+parameters[driver])
	if err != nil {
		return nil, err
	}
	store, err := xormstore.NewOptions(engine, xormstore.Options{TableName: s.Table}, keyPairs...)
	if err != nil {
		return nil, fmt.Errorf("xormstore: %w", err)
	}
	return store, nil
}

func driverOf(server string) string {
	switch {
	case strings.HasPrefix(server, "postgres://"):
		return "postgres"
	case strings.HasPrefix(server, "/"):
		return "sqlite3"
	default:
		return "mysql"
	}
}
