/** A MariaDB server of a test, in a folder of its own on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MysqlServer, startMysqld, whereOptions } from './mysqld.ts'
import { findProgram } from './programs.ts'

/** Starts a server whose database `test` is empty. */
export function startMariadb(): Promise<MysqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-'))
  const options = ['--auth-root-authentication-method=normal', '--innodb-flush-method=nosync']
  execFileSync(findProgram('mariadb-install-db') as string, [...whereOptions(folder), ...options], {
    cwd: folder,
    stdio: 'ignore',
  })
  return startMysqld(findProgram('mariadbd') as string, folder)
}
