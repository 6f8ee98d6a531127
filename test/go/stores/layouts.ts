/** The layouts of Go's community stores that are tested with the real modules. */

export interface Layout {
  /** The function in TypeScript, and its entry. */
  readonly fn: string
  readonly entry: string
  /** The path of the Go module. */
  readonly module: string
  readonly server: string
  /** How the values are serialized. */
  readonly values: 'gob' | 'gob and JSON'
}

const postgres = 'PostgreSQL'
const mariadb = 'MariaDB'
const sqlite = 'SQLite'

export const layouts: readonly Layout[] = [
  layout('redistore', 'redistore', 'github.com/boj/redistore', 'Redis', 'gob and JSON'),
  layout('redistore', 'redistore', 'github.com/boj/redistore/v2', 'Redis', 'gob and JSON'),
  layout(
    'rbcervillaRedisstore',
    'rbcervilla-redisstore',
    'github.com/rbcervilla/redisstore/v9',
    'Redis',
  ),
  layout('pgstore', 'pgstore', 'github.com/antonlindstrom/pgstore', postgres),
  layout('mysqlstore', 'mysqlstore', 'github.com/srinathgs/mysqlstore', mariadb),
  layout(
    'gorillaSessionsMysql',
    'mysqlstore',
    'github.com/danielepintore/gorilla-sessions-mysql',
    mariadb,
  ),
  layout('gormstorePostgres', 'gormstore', 'github.com/wader/gormstore/v2', postgres),
  layout('gormstoreMysql', 'gormstore', 'github.com/wader/gormstore/v2', mariadb),
  layout('gormstoreSqlite', 'gormstore', 'github.com/wader/gormstore/v2', sqlite),
  layout('mongostore', 'mongostore', 'github.com/kidstuff/mongostore', 'FerretDB'),
  layout('mongostore', 'mongostore', 'github.com/laziness-coders/mongostore', 'FerretDB'),
  layout(
    'memcache',
    'memcache',
    'github.com/bradleypeabody/gorilla-sessions-memcache',
    'memcached',
    'gob and JSON',
  ),
  layout('sqlitestore', 'sqlitestore', 'github.com/michaeljs1990/sqlitestore', sqlite),
  layout('dynastore', 'dynastore', 'github.com/savaki/dynastore', 'dynalite'),
  layout('xormstorePostgres', 'xormstore', 'github.com/lafriks/xormstore', postgres),
  layout('xormstoreMysql', 'xormstore', 'github.com/lafriks/xormstore', mariadb),
  layout('xormstoreSqlite', 'xormstore', 'github.com/lafriks/xormstore', sqlite),
]

function layout(
  fn: string,
  entry: string,
  module: string,
  server: string,
  values: Layout['values'] = 'gob',
): Layout {
  return { fn, entry, module, server, values }
}
