/** Faults that violate the requirements of `docs/security/asvs.md`. The tests that a row names must find them. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the edits contain template strings

/** One fault: an edit of a source file. */
export interface Mutant {
  /** The requirement that it violates. */
  readonly row: string
  readonly file: string
  /** Text that occurs in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** What is wrong then. */
  readonly breaks: string
}

const ids = 'src/backends/ids.ts'
const cookieOptions = 'src/http/cookie-options.ts'
const lifetime = 'src/session/lifetime.ts'
const session = 'src/session/session.ts'
const ownerLimit = 'src/stores/server/owner-limit.ts'
const persistence = 'src/stores/server/server-persistence.ts'
const records = 'src/stores/server/records.ts'
const writer = 'src/stores/server/record-writer.ts'
const ownerSessions = 'src/stores/server/owner-sessions.ts'
const serverStore = 'src/stores/server-store.ts'
const cookieStore = 'src/stores/cookie-store.ts'
const revocable = 'src/stores/cookie/revocable.ts'
const savePlan = 'src/stores/save-plan.ts'
const sessionStore = 'src/stores/session-store.ts'
const sealed = 'src/codec/sealed.ts'

export const mutants: readonly Mutant[] = [
  {
    row: '7.1.1',
    file: lifetime,
    find: 'aal1: { idle: thirtyDays, absolute: thirtyDays }',
    replace: 'aal1: { idle: thirtyDays, absolute: 2 * thirtyDays }',
    breaks: 'the preset of level 1 exceeds the limit of NIST',
  },
  {
    row: '7.1.1',
    file: lifetime,
    find: 'aal2: { idle: 3600,',
    replace: 'aal2: { idle: 7200,',
    breaks: 'the preset of level 2 exceeds the limit of NIST',
  },
  {
    row: '7.1.1',
    file: lifetime,
    find: 'aal3: { idle: 900, absolute: 43_200 }',
    replace: 'aal3: { idle: 900, absolute: 86_400 }',
    breaks: 'the preset of level 3 exceeds the limit of NIST',
  },
  {
    row: '7.1.1',
    file: lifetime,
    find: "assertInteger('lifetime.absolute', given.absolute ?? defaults.absolute)",
    replace: 'given.absolute ?? defaults.absolute',
    breaks: 'an absolute lifetime can be infinite',
  },
  {
    row: '7.1.2',
    file: ownerLimit,
    find: "this.#onLimit === 'reject' ? 0 : over",
    replace: '0',
    breaks: 'no session is ended at the limit',
  },
  {
    row: '7.1.2',
    file: ownerLimit,
    find: '(a, b) => a.created - b.created',
    replace: '(a, b) => b.created - a.created',
    breaks: 'the newest of the other sessions is ended instead of the oldest',
  },
  {
    row: '7.1.2',
    file: ownerLimit,
    find: "this.#onLimit === 'reject' && !isThere",
    replace: 'over < 0',
    breaks: "onLimit: 'reject' refuses nothing",
  },
  {
    row: '7.2.1',
    file: 'src/stores/open-cookie.ts',
    find: '    return rejectionOf(error)\n',
    replace: `    try {
      return { opened: { value: JSON.parse(Buffer.from(text, 'base64url').toString()) } }
    } catch {
      return rejectionOf(error)
    }
`,
    breaks: 'a value that cannot be decrypted is decoded as plain JSON',
  },
  {
    row: '7.2.1',
    file: 'src/runtime/crypto/node.ts',
    find: '    decipher.final()\n  } catch {\n    return undefined\n',
    replace: '    decipher.final()\n  } catch {\n',
    breaks: 'the authentication tag of a value is not verified',
  },
  {
    row: '7.2.2',
    file: persistence,
    find: "    if (!record) return { reason: 'unknown-id' }\n    const body = records.unpack(key, record)\n",
    replace: `    if (!record) {
      const payload = this.serializer.serialize({})
      const created = this.#options.now()
      const { lifetime } = context.defaults
      const fresh = { name, created, idle: lifetime.idle, isTold: false, metadata: {}, payload }
      await records.create(opening.id as string, fresh, lifetime)
      return this.#load(name, key, opening, context)
    }
    const body = records.unpack(key, record)
`,
    breaks: 'a session begins under an id that the visitor has chosen',
  },
  {
    row: '7.2.3',
    file: ids,
    find: 'encodeBase64Url(randomBytes(32))',
    replace: "encodeBase64Url(sha256(utf8Bytes('an id')))",
    breaks: 'all ids are equal',
  },
  {
    row: '7.2.3',
    file: ids,
    find: 'encodeBase64Url(randomBytes(32))',
    replace:
      'encodeBase64Url(new Uint8Array(32).fill(7)).slice(11) + encodeBase64Url(randomBytes(8))',
    breaks: 'ids have 64 random bits and a constant part',
  },
  {
    row: '7.2.3',
    file: ids,
    find: 'encodeBase64Url(randomBytes(32))',
    replace: 'encodeBase64Url(sha256(randomBytes(8)))',
    breaks: 'ids are hashes of 64 random bits',
  },
  {
    row: '7.2.3',
    file: ids,
    find: 'encodeBase64Url(randomBytes(32))',
    replace: 'encodeBase64Url(Uint8Array.from({ length: 32 }, () => Math.random() * 256))',
    breaks: 'ids come from Math.random',
  },
  {
    row: '7.2.3',
    file: 'src/runtime/crypto/random.ts',
    find: '  if (used + length > pool.length) {\n',
    replace: '  if (used + length > pool.length && used > pool.length) {\n',
    breaks: 'random bytes are not replaced once they are used up',
  },
  {
    row: '7.2.4',
    file: writer,
    find: "if (rotation === 'login') return this.#replace(draft, base)",
    replace: "if (rotation === 'login') return this.#update(draft, base)",
    breaks: 'a login keeps the id of the session in a server store',
  },
  {
    row: '7.2.4',
    file: writer,
    find: '    await this.#endings.end(old.key)\n',
    replace: '',
    breaks: 'the old id stays valid after a login in a server store',
  },
  {
    row: '7.2.4',
    file: revocable,
    find: 'if (written && draft.rotation && familyId !== undefined)',
    replace: "if (written && draft.rotation === 'rotate' && familyId !== undefined)",
    breaks: 'the old cookie stays valid after a login in a cookie store',
  },
  {
    row: '7.2.4',
    file: session,
    find: "    if (state.rotation !== 'login') state.rotation = rotation\n",
    replace: "    if (rotation === 'login') state.rotation = rotation\n",
    breaks: 'elevate keeps the id of the session',
  },
  {
    row: '7.3.1',
    file: records,
    find: 'return Math.min(this.#now() + body.idle, endOf(body, limits))',
    replace: 'return endOf(body, limits)',
    breaks: 'records of a server store have no idle timeout',
  },
  {
    row: '7.3.1',
    file: sealed,
    find: 'isPast(issuedAt + idle, now) || ',
    replace: '',
    breaks: 'sealed cookies have no idle timeout',
  },
  {
    row: '7.3.2',
    file: writer,
    find: 'draft.startedAt ?? created',
    replace: 'this.#now()',
    breaks: 'every write restarts the absolute lifetime in a server store',
  },
  {
    row: '7.3.2',
    file: sealed,
    find: "wholeSeconds('startedAt', context.startedAt ?? issuedAt)",
    replace: 'issuedAt',
    breaks: 'every write restarts the absolute lifetime in a cookie store',
  },
  {
    row: '7.3.2',
    file: session,
    find: "    this.#state.rotation ??= 'rotate'\n",
    replace: `    this.#state.rotation ??= 'rotate'
    this.#state.startedAt = this.#state.snapshot.defaults.now()
`,
    breaks: 'a rotation restarts the absolute lifetime',
  },
  {
    row: '7.4.1',
    file: persistence,
    find: '    await this.#options.endings.end(key)\n',
    replace: '',
    breaks: 'destroy leaves the record of a server store',
  },
  {
    row: '7.4.1',
    file: revocable,
    find: '    if (familyId !== undefined) await this.#revocations.end(',
    replace: '    if (familyId === undefined) await this.#revocations.end(',
    breaks: 'destroy does not revoke the cookie of a cookie store with revocation',
  },
  {
    row: '7.4.1',
    file: 'src/stores/filesystem-store.ts',
    find: '    if (id !== undefined) await this.#attempt(id, removeFile)\n',
    replace: '    if (id === undefined) await this.#attempt(id, removeFile)\n',
    breaks: 'destroy leaves the file of a filesystem store',
  },
  {
    row: '7.4.1',
    file: writer,
    find: "      if (result.status === 'gone') return { result: undefined }\n",
    replace: "      if (result.status === 'gone') return { result: await this.#create(draft) }\n",
    breaks: 'a slow request restores a session that was destroyed',
  },
  {
    row: '7.4.2',
    file: ownerSessions,
    find: '    const ended = await endAll()\n',
    replace: '    const ended = { count: 0, spared: [] }\n',
    breaks: 'revokeAll ends no session of a server store',
  },
  {
    row: '7.4.2',
    file: ownerSessions,
    find: '() => this.#index.deleteOwner(owner)',
    replace: "() => this.#index.deleteOwner(ownerKey('bob'))",
    breaks: 'revokeAll ends the sessions of another owner',
  },
  {
    row: '7.4.2',
    file: 'src/stores/cookie/revocations.ts',
    find: 'generation < lowest || ownerEpoch < ownersNow || epoch < everyoneNow',
    replace: 'generation < lowest || epoch < everyoneNow',
    breaks: 'revokeAll ends no session of a cookie store',
  },
  {
    row: '7.4.3',
    file: serverStore,
    find: '.end(owner, handle)',
    replace: '.end(owner)',
    breaks: 'revokeAll of a server store ignores `except`',
  },
  {
    row: '7.4.3',
    file: ownerSessions,
    find: '      await Promise.all(doomed.map(({ key }) => this.#records.remove(key)))\n',
    replace: '',
    breaks: 'revokeAll of a server store with `except` ends no session',
  },
  {
    row: '7.4.3',
    file: cookieStore,
    find: '    if (except) Session.noteMetadata(except, { ownerEpoch })\n',
    replace: '    if (!except) return\n',
    breaks: 'revokeAll of a cookie store ignores `except`',
  },
  {
    row: '7.4.5',
    file: serverStore,
    find: '    const epoch = await this.#parts.epoch.advance()\n',
    replace: '    const epoch = await this.#parts.epoch.latest()\n',
    breaks: 'revokeEverything ends no session',
  },
  {
    row: '7.4.5',
    file: 'src/stores/revocation/epoch.ts',
    find: 'if (age >= 0 && age < cachedFor) return this.#known',
    replace: 'if (age >= 0 && age < 60) return this.#known',
    breaks: 'revokeEverything reaches other processes after a minute',
  },
  {
    row: '7.4.5',
    file: ownerSessions,
    find: '    const ended = await endAll()\n',
    replace: '    const ended = { count: 0, spared: [] }\n',
    breaks: 'revokeAll ends no session',
  },
  {
    row: '7.5.1',
    file: session,
    find: ' && Math.abs(snapshot.defaults.now() - authenticatedAt) < seconds',
    replace: '',
    breaks: 'an authentication counts as recent forever',
  },
  {
    row: '7.5.1',
    file: session,
    find: 'Math.abs(snapshot.defaults.now() - authenticatedAt) < seconds',
    replace: 'snapshot.defaults.now() - authenticatedAt < seconds',
    breaks: 'an authentication counts as recent if the clock was set back',
  },
  {
    row: '7.5.1',
    file: 'src/session/state.ts',
    find: 'this.authenticatedAt = metadata.authenticatedAt',
    replace: 'this.authenticatedAt = metadata.authenticatedAt && snapshot.defaults.now()',
    breaks: 'using the session counts as authentication',
  },
  {
    row: '7.5.2',
    file: serverStore,
    find: '(owner !== undefined && found.body.metadata.owner !== owner)',
    replace: 'owner === null',
    breaks: 'revoke ignores its owner',
  },
  {
    row: '7.5.2',
    file: serverStore,
    find: '    await this.#parts.endings.end(handle)\n',
    replace: '',
    breaks: 'revoke ends no session',
  },
  {
    row: '7.5.2',
    file: serverStore,
    find: '    return listed\n',
    replace: '    return listed.slice(1)\n',
    breaks: 'sessionsOf leaves a session out',
  },
  {
    row: '7.5.3',
    file: session,
    find: '    state.authenticatedAt = state.snapshot.defaults.now()\n    state.startedAt = state.authenticatedAt\n',
    replace: `    if (rotation === 'login') state.authenticatedAt = state.snapshot.defaults.now()
    state.startedAt = state.snapshot.defaults.now()
`,
    breaks: 'elevate does not record the authentication',
  },
  {
    row: '7.5.3',
    file: session,
    find: '      authenticatedAt !== undefined && Math.abs(',
    replace: '      authenticatedAt !== undefined || Math.abs(',
    breaks: 'a session counts as stepped up as soon as somebody has signed in',
  },
  {
    row: '7.6.1',
    file: session,
    find: 'return dateOf(this.#state.authenticatedAt)',
    replace: 'return dateOf(this.#state.startedAt)',
    breaks: 'authenticatedAt returns when the session began',
  },
  {
    row: '7.6.1',
    file: session,
    find: ' && Math.abs(snapshot.defaults.now() - authenticatedAt) < seconds',
    replace: '',
    breaks: 'an authentication counts as recent forever',
  },
  {
    row: '7.6.2',
    file: sessionStore,
    find: "      case 'nothing':\n        return unchanged\n",
    replace: `      case 'nothing':
        return state.reason === 'no-cookie'
          ? { ...unchanged, cookies: this.#transport.make(session.name, 'new', state) }
          : unchanged
`,
    breaks: 'every new visitor gets a cookie',
  },
  {
    row: '7.6.2',
    file: savePlan,
    find: "    if (facts.renewal === undefined) return 'nothing'\n",
    replace: "    if (facts.renewal === undefined && reason) return 'nothing'\n",
    breaks: 'a session that was only read is saved again',
  },
  {
    row: '7.6.2',
    file: savePlan,
    find: "    if (facts.renewal === undefined) return 'nothing'\n",
    replace: "    if (facts.renewal === undefined && reason !== 'unknown-id') return 'nothing'\n",
    breaks: 'a session is stored for a visitor who sends an unknown id',
  },
  {
    row: '3.3.1',
    file: cookieOptions,
    find: '  secure: true,\n',
    replace: '  secure: false,\n',
    breaks: 'cookies are not Secure by default',
  },
  {
    row: '3.3.1',
    file: 'src/http/cookie.ts',
    find: "    secure: secure === 'auto' || secure,\n",
    replace: "    secure: secure === 'auto',\n",
    breaks: 'Secure is not sent',
  },
  {
    row: '3.3.1',
    file: cookieOptions,
    find: "if (!optionOf(options, 'secure')) throw",
    replace: 'if (!prefix) throw',
    breaks: 'a prefix does not require Secure',
  },
  {
    row: '3.3.2',
    file: cookieOptions,
    find: "  sameSite: 'lax',\n",
    replace: '  sameSite: undefined,\n',
    breaks: 'SameSite is left to the browser',
  },
  {
    row: '3.3.2',
    file: cookieOptions,
    find: "  if (optionOf(options, 'sameSite') === 'none' && !secure) {\n",
    replace: "  if (optionOf(options, 'sameSite') === 'none' && secure === null) {\n",
    breaks: "sameSite: 'none' does not require Secure",
  },
  {
    row: '3.3.3',
    file: cookieOptions,
    find: "  if (prefix.startsWith('__host') && !isHostOnly) {\n",
    replace: '  if (!prefix && !isHostOnly) {\n',
    breaks: '__Host- allows a domain and a path',
  },
  {
    row: '3.3.4',
    file: cookieOptions,
    find: '  httpOnly: true,\n',
    replace: '  httpOnly: false,\n',
    breaks: 'scripts can read the cookie by default',
  },
  {
    row: '3.3.4',
    file: session,
    find: 'return `Session ${JSON.stringify(this)}`',
    replace: 'return `Session ${JSON.stringify(this)} ${this.id}`',
    breaks: 'a printed session shows its id',
  },
  {
    row: '3.3.4',
    file: 'src/stores/cookie/cookie-size.ts',
    find: 'return [{ key, bytes:',
    replace: 'return [{ key: `${key}=${value}`, bytes:',
    breaks: 'the error of a session that is too large quotes values',
  },
  {
    row: '3.3.4',
    file: 'src/codec/serializers/json.ts',
    find: '${describeKind(error.value)}',
    replace: '${describeKind(error.value)} ${JSON.stringify(error.value)}',
    breaks: 'the error of a value that cannot be serialized quotes it',
  },
  {
    row: '3.3.4',
    file: 'src/stores/merge-draft.ts',
    find: 'contested.map(key => JSON.stringify(key))',
    replace: 'contested.map(key => JSON.stringify(mine[key]))',
    breaks: 'the error of conflicting saves quotes values',
  },
  {
    row: '3.3.4',
    file: sealed,
    find: "'the sealed value is not canonical base64url'",
    replace: '`the sealed value is not canonical base64url: ${encoded}`',
    breaks: 'an error quotes the value of a cookie',
  },
  {
    row: '3.3.5',
    file: 'src/stores/cookie/cookie-size.ts',
    find: '  if (bytes > limit) {\n',
    replace: '  if (bytes < 0) {\n',
    breaks: 'the size of a cookie is not checked',
  },
  {
    row: '3.3.5',
    file: 'src/stores/cookie/cookie-size.ts',
    find: 'const bytes = name.length + text.length',
    replace: 'const bytes = text.length',
    breaks: 'the name does not count towards the size of a cookie',
  },
  {
    row: '3.5.1',
    file: 'src/session/csrf-tokens.ts',
    find: "hmac('sha256', decodeBase64Url(secret), 'csrf ', utf8Bytes(form))",
    replace: "hmac('sha256', new Uint8Array(secret.length), 'csrf ', utf8Bytes(form))",
    breaks: 'a CSRF token is valid for every session',
  },
  {
    row: '3.5.1',
    file: 'src/http/same-origin.ts',
    find: "return site === 'same-origin' || site === 'none'",
    replace: "return site !== 'cross-site'",
    breaks: 'requests of other subdomains count as same-origin',
  },
  {
    row: '3.5.1',
    file: 'src/http/same-origin.ts',
    find: "unknown === 'allow' : origin === own",
    replace: "unknown === 'allow' : origin !== 'null'",
    breaks: 'the header Origin is not compared',
  },
  {
    row: '3.5.3',
    file: 'src/http/same-origin.ts',
    find: "['GET', 'HEAD', 'OPTIONS', 'TRACE']",
    replace: "['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT']",
    breaks: 'PUT counts as a safe method',
  },
]
