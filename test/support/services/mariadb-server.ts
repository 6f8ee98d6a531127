/** Starts MariaDB servers for tests, each in a temporary folder and on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commonOptions, type MysqlServer, startMysqld } from './mysqld.ts'
import { findProgram } from './programs.ts'

/**
 * Starts a server with an empty database `test`.
 *
 * @param isDurable - sync every commit to disk. Default false, which is faster
 */
export function startMariadb({ isDurable = false } = {}): Promise<MysqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-'))
  const options = ['--auth-root-authentication-method=normal', '--innodb-flush-method=nosync']
  execFileSync(
    findProgram('mariadb-install-db') as string,
    [...commonOptions(folder), ...options],
    {
      cwd: folder,
      stdio: 'ignore',
    },
  )
  const durable = isDurable ? ['--innodb-flush-log-at-trx-commit=1'] : []
  return startMysqld(findProgram('mariadbd') as string, folder, ...durable)
}
