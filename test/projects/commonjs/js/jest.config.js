module.exports = {
  transform: {
    '/node_modules/.+\\.js$': [
      'babel-jest',
      { plugins: ['@babel/plugin-transform-modules-commonjs'] },
    ],
    '\\.[jt]sx?$': 'babel-jest',
  },
  transformIgnorePatterns: ['/node_modules/(?!(\\.pnpm|silverback|devalue|@noble)/)'],
}
