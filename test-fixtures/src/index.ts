export { type BuiltArtifact, buildArtifacts } from './build-artifact.ts'
export { buildChannel, type BuiltChannel, type ChannelArtifact, type ChannelDescription } from './build-channel.ts'
export {
  buildInstallers, type BuiltInstaller, createInstallerPage, createSampleInstallers, type InstallerDescription, type InstallerRow, type InstallersDescription,
} from './build-installers.ts'
export { changeChannel, type ChannelChanges } from './change-channel.ts'
export type { IndexOptions } from './index-document.ts'
export { type IndexFileOptions, type IndexVariant, writeIndexFiles } from './index-files.ts'
export type { Json, JsonObject } from './json.ts'
export { type ArtifactFormat, fillSubdir, type PackageDescription, type PackageFile } from './package-description.ts'
export { createPadding } from './padding.ts'
export { formatPythonJson, type PythonJsonOptions } from './python-json.ts'
export { createGate, type Exchange, type Fault, type Gate, type Reply } from './exchange.ts'
export type { StatusOptions } from './faults/answers.ts'
export type { Place } from './faults/fault-tools.ts'
export * as faults from './faults/index.ts'
export {
  type ActiveMisbehaviour,
  type ChannelServer,
  type LoggedRequest,
  type Misbehaviour,
  serveChannel,
  type ServeOptions,
} from './serve-channel.ts'
export { compressBzip2, decompressBzip2 } from './bzip2.ts'
export { decodeMsgpack, type Packable } from './msgpack.ts'
export { type CheckedMirror, checkMirror, type CheckMirrorOptions } from './check-mirror.ts'
export { type Certificate, createCertificate, type CertificateOptions } from './create-certificate.ts'
export { type AdvanceOptions, advanceSampleChannel, createSampleChannel } from './sample-channel.ts'
export { type BlackHole, type BlackHoleOptions, startBlackHole } from './start-black-hole.ts'
export { type ProxiedRequest, type Proxy, type ProxyOptions, startProxy } from './start-proxy.ts'
export { type ExampleRun, runExample } from './run-example.ts'
export { addSweep, createFound, type Found, type Given, printFound, readGiven } from './prove-report.ts'
export type { CallFault, CallMisbehaviour, DoubleControls, ReceivedCall, ReceivedField } from './double/calls.ts'
export { ARTIFACTORY_REFUSALS, startArtifactoryServer } from './targets/artifactory.ts'
export { PREFIX_REFUSALS, startPrefixServer } from './targets/prefix.ts'
export { QUETZ_REFUSALS, startQuetzDouble } from './targets/quetz.ts'
export { SERVER6_REFUSALS, type Server6Options, startServer6 } from './targets/server6.ts'
export type { TargetFile, TargetServer } from './targets/target-server.ts'
export type { TargetChannelOptions, TargetServerOptions } from './targets/target-state.ts'
export { V4_REFUSALS, type V4RefusalCode } from './v4/refusals.ts'
export type { V4User } from './v4/state.ts'
export {
  startV4Server, type V4Call, type V4Fault, type V4File, type V4FormField, type V4Misbehaviour, type V4Server, type V4ServerOptions,
} from './v4/start-v4-server.ts'
