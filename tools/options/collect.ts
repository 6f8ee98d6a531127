/** Collects the options of every public function, class and method from the types and their docstrings. */

import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { entryFiles } from '../entries.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Option {
  /** With the names of the options that it is part of: `rotation.every`. */
  readonly name: string
  /** As the source has it. */
  readonly type: string
  readonly isRequired: boolean
  /** The options of which exactly one is required, this one included. */
  readonly alternatives: readonly string[]
  readonly isFunction: boolean
  readonly isNumber: boolean
  /** The docstring as Markdown, on one line. */
  readonly doc: string
  /** The interface that declares it. */
  readonly declaredIn: string
}

/** An object with options. */
export interface OptionsType {
  readonly name: string
  /** The file that declares it, relative to src/. */
  readonly file: string
  readonly options: readonly Option[]
  /** The calls that take it. */
  readonly calls: Call[]
}

export interface Call {
  /** `silverback/redis` */
  readonly entry: string
  /** `redis(client, options)` */
  readonly text: string
}

/** Returns the types of options in the order of the entries of package.json, each once. */
export function collectOptions(): OptionsType[] {
  const entries = entryFiles()
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const program = ts.createProgram(Object.values(entries), options)
  const collector = new Collector(program.getTypeChecker())
  for (const [entry, file] of Object.entries(entries)) {
    collector.add(entry, program.getSourceFile(file) as ts.SourceFile)
  }
  return collector.types
}

class Collector {
  readonly #checker: ts.TypeChecker
  readonly #types = new Map<ts.Symbol, OptionsType>()
  readonly #seen = new Set<ts.Symbol>()

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  get types(): OptionsType[] {
    return [...this.#types.values()].filter(({ options }) => options.length > 0)
  }

  /** Adds the options of what an entry exports, unless an earlier entry exports it too. */
  add(entry: string, file: ts.SourceFile): void {
    const module = this.#checker.getSymbolAtLocation(file)
    for (const exported of module ? this.#checker.getExportsOfModule(module) : []) {
      const symbol = this.#resolve(exported)
      if (this.#seen.has(symbol)) continue
      this.#seen.add(symbol)
      this.#addSymbol(entry, symbol)
    }
  }

  #addSymbol(entry: string, symbol: ts.Symbol): void {
    if (symbol.valueDeclaration === undefined) return
    const type = this.#checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration)
    this.#addSignatures(entry, symbol.name, type.getCallSignatures())
    this.#addSignatures(entry, `new ${symbol.name}`, type.getConstructSignatures())
    if (!(symbol.flags & ts.SymbolFlags.Class)) return
    const owner = symbol.name.endsWith('Store') ? 'store' : lowerFirst(symbol.name)
    for (const method of this.#checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      if (!(method.flags & ts.SymbolFlags.Method)) continue
      const { valueDeclaration } = method
      if (!valueDeclaration || isPrivate(valueDeclaration)) continue
      const methodType = this.#checker.getTypeOfSymbolAtLocation(method, valueDeclaration)
      this.#addSignatures(entry, `${owner}.${method.name}`, methodType.getCallSignatures())
    }
  }

  #addSignatures(entry: string, callee: string, signatures: readonly ts.Signature[]): void {
    for (const { parameters } of signatures) {
      const names = parameters.map(parameter =>
        this.#optionsOfParameter(parameter).length > 0 ? 'options' : parameter.name,
      )
      const text = `${callee}(${names.join(', ')})`
      for (const parameter of parameters) {
        for (const symbol of this.#optionsOfParameter(parameter)) {
          const { calls } = this.#read(symbol)
          if (!calls.some(call => call.text === text && call.entry === entry)) {
            calls.push({ entry, text })
          }
        }
      }
    }
  }

  #optionsOfParameter(parameter: ts.Symbol): ts.Symbol[] {
    if (!parameter.valueDeclaration) return []
    const type = this.#checker.getTypeOfSymbolAtLocation(parameter, parameter.valueDeclaration)
    return named(type).filter(symbol => isOptions(symbol) && isOurs(symbol))
  }

  #read(symbol: ts.Symbol): OptionsType {
    const known = this.#types.get(symbol)
    if (known) return known
    const type = {
      name: symbol.name,
      file: fileOf(symbol),
      options: this.#parts(this.#checker.getDeclaredTypeOfSymbol(symbol), ''),
      calls: [],
    }
    this.#types.set(symbol, type)
    return type
  }

  /** The options that an object has, of whatever alternative. */
  #parts(type: ts.Type, prefix: string): Option[] {
    const sets = alternatives(type).map(
      alternative =>
        new Map(
          alternative
            .getProperties()
            .filter(property => !this.#isForbidden(property))
            .map(property => [property.name, property]),
        ),
    )
    const properties = new Map(sets.toReversed().flatMap(set => [...set]))
    const exclusive = [...properties.values()].filter(
      property => isRequired(property) && !sets.every(set => set.has(property.name)),
    )
    return [...properties.values()].flatMap(property =>
      this.#option(property, prefix, exclusive.includes(property) ? exclusive : []),
    )
  }

  /** Whether an alternative of a union excludes an option, as `store?: never` does. */
  #isForbidden(property: ts.Symbol): boolean {
    const type = this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(property))
    return (type.flags & ts.TypeFlags.Never) !== 0
  }

  /** An option, followed by those that it consists of. */
  #option(property: ts.Symbol, prefix: string, exclusive: readonly ts.Symbol[]): Option[] {
    const declaration = property.declarations?.find(
      declaration => ts.isPropertySignature(declaration) || ts.isMethodSignature(declaration),
    )
    if (!declaration) return []
    const type = this.#checker.getTypeOfSymbolAtLocation(property, declaration)
    const values = alternatives(this.#checker.getNonNullableType(type))
    const name = prefix + property.name
    const parts = values
      .filter(hasParts)
      .flatMap(value => this.#parts(value, `${name}.`))
      // The docstring of the option describes the parts that have none.
      .filter(({ doc }) => doc !== '')
    const isLiteral = values.every(({ symbol }) =>
      symbol?.declarations?.every(ts.isTypeLiteralNode),
    )
    const option = {
      name,
      type: isLiteral && parts.length > 0 ? 'object' : typeText(declaration, type, this.#checker),
      isRequired: isRequired(property),
      alternatives: exclusive.map(({ name }) => prefix + name),
      isFunction: values.some(value => value.getCallSignatures().length > 0),
      isNumber: values.some(value => (value.flags & ts.TypeFlags.NumberLike) !== 0),
      doc: docOf(property, this.#checker),
      declaredIn: ts.isInterfaceDeclaration(declaration.parent) ? declaration.parent.name.text : '',
    }
    return [option, ...parts]
  }

  #resolve(symbol: ts.Symbol): ts.Symbol {
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0
    return isAlias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }
}

/** The symbols of the named types in a type, such as that of `A` and `B` in `(A & { c: 1 }) | B | undefined`. */
function named(type: ts.Type): ts.Symbol[] {
  if (type.aliasSymbol && isOptions(type.aliasSymbol)) return [type.aliasSymbol]
  if (type.isUnionOrIntersection()) return type.types.flatMap(named)
  return type.symbol ? [type.symbol] : []
}

function alternatives(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type]
}

/** The attributes of cookies have a page of their own. */
function isOptions({ name }: ts.Symbol): boolean {
  return /.Options$/.test(name)
}

function isOurs(symbol: ts.Symbol): boolean {
  return !fileOf(symbol).startsWith('..')
}

/** Whether the parts of a value are options themselves. */
function hasParts({ symbol, flags }: ts.Type): boolean {
  if (!(flags & ts.TypeFlags.Object) || !symbol || !isOurs(symbol)) return false
  if (isOptions(symbol) || ['Lifetime', 'MaxPerOwner'].includes(symbol.name)) return true
  return symbol.declarations?.every(ts.isTypeLiteralNode) ?? false
}

function fileOf(symbol: ts.Symbol): string {
  const [declaration] = symbol.declarations ?? []
  return relative(join(root, 'src'), declaration?.getSourceFile().fileName ?? root)
}

function isRequired(property: ts.Symbol): boolean {
  return !(property.flags & ts.SymbolFlags.Optional)
}

function typeText(declaration: ts.Declaration, type: ts.Type, checker: ts.TypeChecker): string {
  const value = checker.getNonNullableType(type)
  const constraint = value.flags & ts.TypeFlags.TypeParameter && value.getConstraint()
  if (constraint && !constraint.symbol) return checker.typeToString(constraint)
  if (ts.isMethodSignature(declaration)) return 'function'
  const text = (declaration as ts.PropertySignature).type?.getText() ?? 'unknown'
  return text
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/^\| | \| undefined\b/g, '')
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link ([^}\s]+)\s*\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim()
}

function isPrivate(declaration: ts.Declaration): boolean {
  return ts.isMethodDeclaration(declaration) && ts.isPrivateIdentifier(declaration.name)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
