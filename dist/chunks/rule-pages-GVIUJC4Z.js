(function(module,require,__filename){"use strict";var __defProp=Object.defineProperty;var __getOwnPropDesc=Object.getOwnPropertyDescriptor;var __getOwnPropNames=Object.getOwnPropertyNames;var __hasOwnProp=Object.prototype.hasOwnProperty;var __export=(target,all)=>{for(var name in all)__defProp(target,name,{get:all[name],enumerable:!0})},__copyProps=(to,from,except,desc)=>{if(from&&typeof from=="object"||typeof from=="function")for(let key of __getOwnPropNames(from))!__hasOwnProp.call(to,key)&&key!==except&&__defProp(to,key,{get:()=>from[key],enumerable:!(desc=__getOwnPropDesc(from,key))||desc.enumerable});return to};var __toCommonJS=mod=>__copyProps(__defProp({},"__esModule",{value:!0}),mod);var stdin_exports={};__export(stdin_exports,{explain:()=>explain,rulePages:()=>rulePages});module.exports=__toCommonJS(stdin_exports);var import_chunk_RAREPBYN=require("./chunk-RAREPBYN.js"),import_chunk_5EBYTZUA=require("./chunk-5EBYTZUA.js"),rule_pages_default={"policy/allowance":`# policy/allowance

An object has an annotation \`chartship.dev/allow.RULE\` that gives no reason (one of several words), or names a rule that isn't there. Then it silences nothing.

By default: warning

## Why

What was allowed without a reason nobody dares to take away again; and a misspelt one would silence nothing, without a word.

## How to mend it

Write why, as its value, and the rule's name without \`policy/\`:

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.image-tag: our mirror gives each build a tag of its own
\`\`\`

## How to silence it

It isn't silenced for one object: take the annotation away.

For all: \`policies: [allowance=off]\` in chartship.yaml, or the input \`policies\`.
`,"policy/autoscaler-target":`# policy/autoscaler-target

A HorizontalPodAutoscaler names a Deployment, StatefulSet or ReplicaSet that isn't in the release.

By default: warning

## Why

It does nothing but report that its target isn't found.

## How to mend it

Name the workload with the template that names it where it is defined.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.autoscaler-target: the workload is of the release agent-core
\`\`\`

For all: \`policies: [autoscaler-target=off]\` in chartship.yaml, or the input \`policies\`; \`autoscaler-target=error\`, \`autoscaler-target=warning\` and \`autoscaler-target=note\` set another severity.
`,"policy/backend-mismatch":"# policy/backend-mismatch\n\nAn Ingress or a route of the Gateway API leads to a port that its Service doesn't have (an error), or to a Service that isn't in the release (a warning: another release may have it).\n\nBy default: error\n\n## Why\n\nRequests are answered with 503 or 404 by the ingress controller. Often it is the port of the container, where that of the Service is asked.\n\n## How to mend it\n\nName the Service as it is rendered (with the same template), and one of its own `ports`: `port.number` is `ports[].port`, `port.name` is `ports[].name`.\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.backend-mismatch: the Service is of the release shared-gateway\n```\n\nFor all: `policies: [backend-mismatch=off]` in chartship.yaml, or the input `policies`; `backend-mismatch=error`, `backend-mismatch=warning` and `backend-mismatch=note` set another severity.\n","policy/conftest":"# policy/conftest\n\nA policy of your own, in Rego, said something of a rendered document: `deny` and `violation` are errors, `warn` is a warning. Or the policies can't be run; then none is, and each fault that conftest places stands at its line.\n\nThe input (or key) `policies` names the folder: `policies: [policies/rego]`. conftest runs it, from PATH; without one the run ends with exit code 3. Every package in the folder is asked, and each document by itself. Policies get what the report's folder `manifests` has, with the data of Secrets and every known secret redacted; they run without logins, in an environment without the job's secrets. Kyverno's policies are [policy/kyverno](kyverno.md).\n\nBy default: error\n\n## Why\n\nIt is your rule: its message says why, and the query in brackets which it was.\n\n## How to mend it\n\nAs the message says. To try it by hand: `conftest test --all-namespaces --policy policies/rego chartship-report/manifests`.\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.conftest: the ticket OPS-12 has it, until June\n```\n\nFor all: `policies: [conftest=off]` in chartship.yaml, or the input `policies`; `conftest=error`, `conftest=warning` and `conftest=note` set another severity. With a severity given, all of them have that one. conftest knows [exceptions](https://www.conftest.dev/exceptions/), too.\n","policy/disruption-budget-blocks":`# policy/disruption-budget-blocks

A PodDisruptionBudget allows no eviction, ever: \`maxUnavailable\` is 0, \`minAvailable\` is 100%, or it is as many as there are replicas at the most (shares are rounded up, as Kubernetes does).

By default: warning

## Why

No node with one of these pods can be drained. Upgrades of the cluster stand still until somebody deletes the budget by hand.

## How to mend it

Let one pod go: \`maxUnavailable: 1\`, or fewer in \`minAvailable\`, or more replicas. With one replica leave the budget out: it can only block.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.disruption-budget-blocks: nodes are drained by hand, after a switch-over
\`\`\`

For all: \`policies: [disruption-budget-blocks=off]\` in chartship.yaml, or the input \`policies\`; \`disruption-budget-blocks=error\`, \`disruption-budget-blocks=warning\` and \`disruption-budget-blocks=note\` set another severity.
`,"policy/hook-collides":"# policy/hook-collides\n\nA hook that comes again (upgrade, rollback, test) isn't deleted before it is made again: its `helm.sh/hook-delete-policy` has neither `before-hook-creation` nor what removes it in any case. It is a warning where only a hook that failed stays (`hook-succeeded` alone).\n\nBy default: error\n\n## Why\n\nHelm creates hooks, it doesn't update them. What is still there by the same name makes the next upgrade or test fail with `already exists`.\n\nNothing is said where the annotation is left out (helm then deletes the former one), where the name is made by the server or ends with the revision, and where `ttlSecondsAfterFinished` removes it.\n\n## How to mend it\n\nAdd `before-hook-creation`:\n\n```yaml\nannotations:\n  helm.sh/hook: pre-upgrade\n  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded\n```\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.hook-collides: its name has the date in it\n```\n\nFor all: `policies: [hook-collides=off]` in chartship.yaml, or the input `policies`; `hook-collides=error`, `hook-collides=warning` and `hook-collides=note` set another severity.\n","policy/image-tag":`# policy/image-tag

An image has the tag \`latest\` or none, which means the same.

By default: warning

## Why

Each start of a pod may run something else: two replicas differ, a rollback rolls nothing back, and nobody can say what ran.

## How to mend it

Name a version (\`image.tag\`, or \`.Chart.AppVersion\`), best with its digest: \`repository:1.2.3@sha256:\u2026\`.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.image-tag: a mirror of ours gives this tag a new name for each build
\`\`\`

For all: \`policies: [image-tag=off]\` in chartship.yaml, or the input \`policies\`; \`image-tag=error\`, \`image-tag=warning\` and \`image-tag=note\` set another severity.
`,"policy/job-immutable":`# policy/job-immutable

A Job of the release, not a hook, has one name for ever.

By default: warning

## Why

The pods of a Job can't be changed. As soon as the image, a variable or a label of it differs, the upgrade fails with \`field is immutable\`; and a Job that has run doesn't run again.

Nothing is said of a Job with \`ttlSecondsAfterFinished\`, or with a number at the end of its name.

## How to mend it

Make it a hook (\`helm.sh/hook: pre-upgrade,pre-install\`), put the revision into its name (\`{{ .Release.Name }}-seed-{{ .Release.Revision }}\`), or set \`ttlSecondsAfterFinished\`.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.job-immutable: it never changes, and is to run once in the life of the release
\`\`\`

For all: \`policies: [job-immutable=off]\` in chartship.yaml, or the input \`policies\`; \`job-immutable=error\`, \`job-immutable=warning\` and \`job-immutable=note\` set another severity.
`,"policy/kyverno":"# policy/kyverno\n\nA policy of your own, for Kyverno, said something of a rendered object: what it would stop is an error, what it only audits is a warning. Or a policy can't be read or run.\n\nThe input (or key) `policies` names the folder: `policies: [policies/kyverno]`. Files `*.yaml` with kinds of Kyverno are run by its own command, `kyverno` or `kubectl-kyverno`, from PATH (1.18 or later); without one, or with an older one, the run ends with exit code 3. A folder may have policies in Rego, too ([policy/conftest](conftest.md)).\n\nObjects are judged in the namespace of their release, and so are policies that are for a namespace and name none. The data of Secrets and every known secret is redacted. The command runs without logins, in an environment without the job's secrets, with no cluster, and lets policies ask no server: what a rule would look up there (`apiCall`, `configMap`, `imageRegistry`, labels of namespaces) isn't known.\n\nBy default: error\n\n## What is run\n\n| in the folder | what is done |\n| --- | --- |\n| rules of ClusterPolicy and Policy that validate | applied, as are those that Kyverno makes of them for what makes pods (`autogen-\u2026`). `Enforce` is an error, `Audit` a warning, as the rule itself says, else its policy, with the overrides of both for the namespace (those by its labels don't hold) |\n| ValidatingPolicy, NamespacedValidatingPolicy (CEL) | applied. `Deny` is an error; with `Audit` or `Warn` alone it is a warning |\n| PolicyException | holds, for the policies in the folder |\n| rules that mutate, generate or verify images; other kinds of Kyverno | left out, and named in a note: objects are judged as they are rendered |\n| Kubernetes' own ValidatingAdmissionPolicy and MutatingAdmissionPolicy | left out, and named in a note: Kyverno's command fails with one as soon as a custom resource is among the objects. A ValidatingPolicy says the same |\n| what a rule says of a custom resource of the cluster, where it asks for a namespace | a note: Kyverno's command takes each custom resource to be in one |\n| the annotation `policies.kyverno.io/scored: \"false\"` | makes a warning of what the policy says |\n| a policy that can't be read, a rule that can't be judged | an error, with what Kyverno says; a warning for a rule that only audits |\n\n## Why\n\nIt is your rule: its message says why, and in brackets stand the policy and its rule.\n\n## How to mend it\n\nAs the message says. To try it by hand: `kyverno apply policies/kyverno --resource chartship-report/manifests/CHART/ENVIRONMENT/VERSION.yaml`.\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.kyverno: the ticket OPS-12 has it, until June\n```\n\nFor all: `policies: [kyverno=off]` in chartship.yaml, or the input `policies`; `kyverno=error`, `kyverno=warning` and `kyverno=note` set another severity. With a severity given, all of them have that one. Kyverno knows [exceptions](https://kyverno.io/docs/exceptions/), too: put them into the folder.\n","policy/missing-liveness-probe":`# policy/missing-liveness-probe

A container that goes on running has no liveness probe.

By default: off

## Why

One that hangs is never restarted. It is off, since many are right without: a process that ends by itself when something is wrong needs none, and a liveness probe that asks other services turns their outage into restarts.

## How to mend it

Add a \`livenessProbe\` that asks nothing but whether the process itself still answers.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.missing-liveness-probe: it ends by itself when it is stuck
\`\`\`

For all: \`policies: [missing-liveness-probe=off]\` in chartship.yaml, or the input \`policies\`; \`missing-liveness-probe=error\`, \`missing-liveness-probe=warning\` and \`missing-liveness-probe=note\` set another severity.
`,"policy/missing-readiness-probe":`# policy/missing-readiness-probe

A container gets requests through a Service of the release and has neither a readiness probe nor a startup probe.

By default: warning

## Why

It counts as ready as soon as its process is there. At each rollout some requests come before it can answer, and an instance that is broken takes over from one that worked.

## How to mend it

Add a \`readinessProbe\` that asks what a request needs.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.missing-readiness-probe: it answers from its first moment, and has no state
\`\`\`

For all: \`policies: [missing-readiness-probe=off]\` in chartship.yaml, or the input \`policies\`; \`missing-readiness-probe=error\`, \`missing-readiness-probe=warning\` and \`missing-readiness-probe=note\` set another severity.
`,"policy/missing-requests":`# policy/missing-requests

A container that goes on running (a sidecar too) requests no CPU or no memory. A limit counts as a request, as it does for the API server, and so does what the pod requests as a whole. Hooks and tests aren't looked at.

By default: warning

## Why

The scheduler counts such a container as nothing, so that nodes are overfull; and it is the first to be evicted. An autoscaler that goes by utilization can't measure it, and a namespace with a quota refuses it.

What an environment must set is asked for by \`requiredValues\` of the environment in chartship.yaml.

## How to mend it

Set \`resources.requests\`, with defaults in values.yaml that fit the smallest environment.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.missing-requests: the LimitRange of our namespaces sets them
\`\`\`

For all: \`policies: [missing-requests=off]\` in chartship.yaml, or the input \`policies\`; \`missing-requests=error\`, \`missing-requests=warning\` and \`missing-requests=note\` set another severity.
`,"policy/not-applied":`# policy/not-applied

A render has more than 16 MiB of workloads and Services, and the policies that compare objects aren't applied to it; or it has more than 1,000 texts that may be credentials, and the others are judged by their names alone.

By default: warning

## Why

What is compared must be kept in memory, and recognising credentials takes time; no chart that a person wrote has as many.

## How to mend it

Look for a loop in a template that renders too often, or split the chart.

## How to silence it

It can't be silenced for one object.

Told as something else, for all: \`policies: [policy/not-applied=note]\` in chartship.yaml, or the input \`policies\` (\`error\`, \`warning\`, \`note\`, \`off\`).
`,"policy/pod-security-baseline":`# policy/pod-security-baseline

A pod is beyond the baseline level of the Pod Security Standards: host namespaces, ports and paths, privileged containers, capabilities beyond the usual ones, unconfined profiles and the like. The levels are judged as the API server's admission does (k8s.io/pod-security-admission), for each Kubernetes version: sysctls that became safe later, hosts in probes since 1.34, user namespaces since 1.35.

By default: warning

## Why

From such a container the node can be taken over. Namespaces that enforce the level, as many clusters' do, refuse the pod: the Deployment is made and never has one.

## How to mend it

Leave the field out; the message names it. Where a node's resources are needed indeed (an agent on each node), say why by the annotation, and deploy to a namespace that is for that.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.pod-security-baseline: the log collector reads the files of the node
\`\`\`

For all: \`policies: [pod-security-baseline=off]\` in chartship.yaml, or the input \`policies\`; \`pod-security-baseline=error\`, \`pod-security-baseline=warning\` and \`pod-security-baseline=note\` set another severity.
`,"policy/pod-security-namespace":`# policy/pod-security-namespace

The release renders its Namespace with \`pod-security.kubernetes.io/enforce\`, and a pod that is beyond that level (of the version in \`enforce-version\`, where there is one). The levels are judged as the API server's admission does (k8s.io/pod-security-admission), for each Kubernetes version: sysctls that became safe later, hosts in probes since 1.34, user namespaces since 1.35.

By default: error

## Why

The API server refuses the pod. What should make it is there, and waits for ever.

## How to mend it

Mend what the message names, as described under policy/pod-security-baseline and policy/pod-security-restricted; or lower the level of the namespace.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.pod-security-namespace: the admission webhook of the cluster exempts this service account
\`\`\`

For all: \`policies: [pod-security-namespace=off]\` in chartship.yaml, or the input \`policies\`; \`pod-security-namespace=error\`, \`pod-security-namespace=warning\` and \`pod-security-namespace=note\` set another severity.
`,"policy/pod-security-restricted":`# policy/pod-security-restricted

A pod is beyond the restricted level of the Pod Security Standards: it may run as root, gain privileges, keep capabilities, go without a seccomp profile, or mount other kinds of volumes. The levels are judged as the API server's admission does (k8s.io/pod-security-admission), for each Kubernetes version: sysctls that became safe later, hosts in probes since 1.34, user namespaces since 1.35.

By default: off

## Why

It is the hardening that is recommended for what needs nothing of the node. It is off, since the images of many charts can't run so; turn it on where your namespaces enforce it. Where the chart itself renders a Namespace that enforces a level, policy/pod-security-namespace says it as an error.

## How to mend it

For the pod:

\`\`\`yaml
securityContext:
  runAsNonRoot: true
  seccompProfile: { type: RuntimeDefault }
\`\`\`

and for each container:

\`\`\`yaml
securityContext:
  allowPrivilegeEscalation: false
  capabilities: { drop: [ALL] }
\`\`\`

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.pod-security-restricted: the image of the vendor runs as root
\`\`\`

For all: \`policies: [pod-security-restricted=off]\` in chartship.yaml, or the input \`policies\`; \`pod-security-restricted=error\`, \`pod-security-restricted=warning\` and \`pod-security-restricted=note\` set another severity.
`,"policy/port-mismatch":`# policy/port-mismatch

A Service sends to a port that the pods it selects don't have: to a name that no container gives (an error; a warning where other ports of the Service are there, and none has a name like it), or to a number that they don't declare though they declare others (a warning, since a container may listen where it doesn't say so).

By default: error

## Why

A name that isn't found leaves the Service without endpoints for that port, silently.

Nothing is said of a headless Service: who asks for it gets the addresses of the pods, and chooses the port.

## How to mend it

Name the port of the container in \`targetPort\`. By its name the two can't drift apart when the number changes.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.port-mismatch: the sidecar that is injected listens on this port
\`\`\`

For all: \`policies: [port-mismatch=off]\` in chartship.yaml, or the input \`policies\`; \`port-mismatch=error\`, \`port-mismatch=warning\` and \`port-mismatch=note\` set another severity.
`,"policy/replicas-and-autoscaler":`# policy/replicas-and-autoscaler

A workload says \`spec.replicas\` though a HorizontalPodAutoscaler of the release scales it.

By default: warning

## Why

Each upgrade sets the number back to the chart's: under load pods are removed and made again, and with server-side apply the two contend for the field.

## How to mend it

Leave the field out where the autoscaler is on:

\`\`\`yaml
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
\`\`\`

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.replicas-and-autoscaler: the first installation must start with three
\`\`\`

For all: \`policies: [replicas-and-autoscaler=off]\` in chartship.yaml, or the input \`policies\`; \`replicas-and-autoscaler=error\`, \`replicas-and-autoscaler=warning\` and \`replicas-and-autoscaler=note\` set another severity.
`,"policy/secret-in-config-map":"# policy/secret-in-config-map\n\nA ConfigMap holds a secret in clear: under a key of that name, in a file of settings (YAML, properties, ini), or by its form. What counts: values under names such as `password`, `apiToken` or `CLIENT_SECRET`, and texts in a form that secretlint knows (tokens of well-known services, private keys, connection strings with a password). References (`$(VARIABLE)`, `${VARIABLE}`), paths, addresses and the names of keys don't count. The value itself is never shown.\n\nBy default: warning\n\n## Why\n\nWhoever may read ConfigMaps may read it, and that is nearly everybody: they are in no audit rule, in no encryption at rest, in every `kubectl get -o yaml`.\n\n## How to mend it\n\nPut it into a Secret, and mount that or take variables from it.\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.secret-in-config-map: a public key of the test system, not a secret\n```\n\nFor all: `policies: [secret-in-config-map=off]` in chartship.yaml, or the input `policies`; `secret-in-config-map=error`, `secret-in-config-map=warning` and `secret-in-config-map=note` set another severity.\n","policy/secret-in-env":"# policy/secret-in-env\n\nA container has a variable with a secret as its literal value. What counts: values under names such as `password`, `apiToken` or `CLIENT_SECRET`, and texts in a form that secretlint knows (tokens of well-known services, private keys, connection strings with a password). References (`$(VARIABLE)`, `${VARIABLE}`), paths, addresses and the names of keys don't count. The value itself is never shown.\n\nBy default: warning\n\n## Why\n\nIt stands in the Deployment, in its revisions, in `kubectl describe`, and in what many tools copy from there.\n\n## How to mend it\n\nTake it from a Secret:\n\n```yaml\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: { name: {{ .Release.Name }}-credentials, key: password }\n```\n\n## How to silence it\n\nFor one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):\n\n```yaml\nmetadata:\n  annotations:\n    chartship.dev/allow.secret-in-env: the password of the database in the same pod, which nobody else reaches\n```\n\nFor all: `policies: [secret-in-env=off]` in chartship.yaml, or the input `policies`; `secret-in-env=error`, `secret-in-env=warning` and `secret-in-env=note` set another severity.\n","policy/secret-in-values":"# policy/secret-in-values\n\nA values file of the chart or of an environment, which is committed, holds a secret in clear. Files encrypted with SOPS (`NAME.enc.yaml`) and `secret-values` aren't meant. What counts: values under names such as `password`, `apiToken` or `CLIENT_SECRET`, and texts in a form that secretlint knows (tokens of well-known services, private keys, connection strings with a password). References (`$(VARIABLE)`, `${VARIABLE}`), paths, addresses and the names of keys don't count. The value itself is never shown.\n\nBy default: warning\n\n## Why\n\nIt is in the history of the repository for ever, and in every package of the chart.\n\n## How to mend it\n\nTake it out, and change it where it is used: it is known now. Then give it by the input `secret-values`, name a Secret that is there already (`existingSecret`), or encrypt the file: `sops encrypt`.\n\n## How to silence it\n\nFor one value, with a reason, by a comment in its line or in the line before:\n\n```yaml\nauth:\n  # chartship.dev/allow.secret-in-values: the password of the throwaway database in CI\n  password: test\n```\n\nFor all: `policies: [secret-in-values=off]` in chartship.yaml, or the input `policies`; `secret-in-values=error`, `secret-in-values=warning` and `secret-in-values=note` set another severity.\n","policy/selector-catches-hook":`# policy/selector-catches-hook

The selector of a Service, of a PodDisruptionBudget, or of a workload that an autoscaler scales, matches the pods of hooks, tests, Jobs or CronJobs as well as those that it is for.

By default: warning

## Why

As long as they run, such pods get requests of the Service, count for the budget, and lower what the autoscaler measures. It shows now and then, and never when one looks.

Of a Service that sends to a port by its name nothing is said where the pod has no such port: no request arrives there.

## How to mend it

Give the pods that are meant a label of their own (\`app.kubernetes.io/component: api\`) and ask for it in the selectors; or give the pods of hooks and tests other labels. A Deployment's selector can't be changed in a release that is installed: add the label to the Service and to the budget first.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.selector-catches-hook: the test pod answers on this port on purpose
\`\`\`

For all: \`policies: [selector-catches-hook=off]\` in chartship.yaml, or the input \`policies\`; \`selector-catches-hook=error\`, \`selector-catches-hook=warning\` and \`selector-catches-hook=note\` set another severity.
`,"policy/selector-mismatch":`# policy/selector-mismatch

The selector of a Deployment, StatefulSet, DaemonSet or ReplicaSet doesn't select the pods of its own template.

By default: error

## Why

The API server refuses such an object (\`selector does not match template labels\`), so that the whole release fails. No schema says so: each of the two is valid by itself.

## How to mend it

Give \`spec.template.metadata.labels\` every label that \`spec.selector\` asks for. A selector is best a few labels that never change (name, instance, component), from a template of its own that both include:

\`\`\`yaml
spec:
  selector:
    matchLabels: {{- include "web.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "web.selectorLabels" . | nindent 8 }}
\`\`\`

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.selector-mismatch: the labels are added by our webhook before the API server looks
\`\`\`

For all: \`policies: [selector-mismatch=off]\` in chartship.yaml, or the input \`policies\`; \`selector-mismatch=error\`, \`selector-mismatch=warning\` and \`selector-mismatch=note\` set another severity.
`,"policy/service-selects-nothing":`# policy/service-selects-nothing

The selector of a Service matches no pod that the release makes.

By default: error

## Why

Such a Service has no endpoints: what calls it waits or is refused, while everything looks healthy.

It is a warning where the label that no pod has may be given while the pods run, to the one that leads (\`vault-active\`, \`role: primary\`), and where the chart has no workload at all with these values.

Labels that Kubernetes itself gives count as there, such as \`statefulset.kubernetes.io/pod-name\`. Nothing is said of a Service without a selector or of the type ExternalName, of one in another namespace than the release's, and where an operator may make pods: the release has objects of custom kinds, or renders the definitions of some.

## How to mend it

Make the selector the labels of the pods' template. The message names the label that stands in the way where there are pods with all the others.

## How to silence it

For one object, with a reason, by an annotation of the object (of the Deployment, not of its pods):

\`\`\`yaml
metadata:
  annotations:
    chartship.dev/allow.service-selects-nothing: the pods are of the release agent-workers, in the same namespace
\`\`\`

For all: \`policies: [service-selects-nothing=off]\` in chartship.yaml, or the input \`policies\`; \`service-selects-nothing=error\`, \`service-selects-nothing=warning\` and \`service-selects-nothing=note\` set another severity.
`,"render/lookup":"# render/lookup\n\nThe chart can't be rendered as an upgrade without its cluster: a template asks it for an object (`lookup`), finds nothing, and refuses to go on. As an install it renders.\n\nBy default: warning\n\n## Why\n\nA chart that keeps a generated password looks its Secret up, and fails an upgrade that doesn't find it rather than change the password (charts by Bitnami do). Nothing is deployed while a chart is checked, and no cluster is asked; the deployment itself asks it, and finds the Secret.\n\nWhat an upgrade renders differently is therefore not validated; on a pull request the chart is compared with its last release as an install. It is told so where what fails asks the cluster itself, or what it includes does, or the conditions around it, as far as the templates' text says; a value that isn't there (`nil pointer \u2026 at <.Values.\u2026>`), and whatever else fails as an upgrade, is an error, `render/template`.\n\n## How to mend it\n\nGive what is asked for in the values (a password best by a Secret that is there already, `existingSecret`, or by `secret-values`): the upgrade is rendered and checked then.\n\n## How to silence it\n\nFor all: `policies: [render/lookup=note]` in chartship.yaml, or the input `policies`; `error`, `warning` and `off` set another severity.\n","schema/crd-schemas":"# schema/crd-schemas\n\nA file that `crd-schemas` names can't be used: it is no definition, or its schema can't be read.\n\nBy default: error\n\n## How to mend it\n\nCorrect the file, or name only those that hold CustomResourceDefinitions or JSON schemas.\n\nTold as something else, for all: `policies: [schema/crd-schemas=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/deprecated-api":"# schema/deprecated-api\n\nThe API version of an object is deprecated in this Kubernetes version, and will be removed.\n\nBy default: warning\n\n## How to mend it\n\nUse the version that the hint names, before the version that removes it comes to your clusters.\n\nTold as something else, for all: `policies: [schema/deprecated-api=note]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/duplicate-entry":"# schema/duplicate-entry\n\nA list has an entry twice that it can have once: two containers of one name, two variables (`env`) of one name, two ports of a container with the same number and protocol, an init container with the name of a container, two ports of a pod on one port of the host, a set with a text twice.\n\nBy default: error\n\n## Why\n\nKubernetes tells the entries of most lists apart by some of their fields. A server-side apply, which is how Helm 4 installs, is refused for two that are the same. Applied by Helm 3, some lists are refused too (containers, volumes, mounts, a Service's ports), and others are taken as they are: `env`, the ports of a container, `imagePullSecrets`, `hostAliases`; of these a run with Helm 3 warns. Of two variables the container gets the last; the next upgrade changes the first, so that a new value has no effect, or ends with an error about the order of the list.\n\nOften one entry is in the template and the other comes from values such as `extraEnv`.\n\n## How to mend it\n\nKeep one of the two. The finding is at the second; where values add to what the template has, let the template leave out what the values name, or use another name.\n\nTold as something else, for all: `policies: [schema/duplicate-entry=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/duplicate-resource":"# schema/duplicate-resource\n\nTwo rendered documents are the same object: one kind, namespace and name. One of them is lost, or the installation fails; two hooks of one event that delete each other are a warning.\n\nBy default: error\n\n## How to mend it\n\nGive each a name of its own, or render it once.\n\nTold as something else, for all: `policies: [schema/duplicate-resource=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/enum":"# schema/enum\n\nA field holds a word that isn't one of those that Kubernetes takes there. Case counts: `Always`, not `always`.\n\nBy default: error\n\n## How to mend it\n\nWrite one of the words that the message lists. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/enum=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/format":"# schema/format\n\nA text isn't of the form that is asked for: a quantity (`500m`, `64Mi`), base64 in the `data` of a Secret, a time, the form that the definition of a custom resource asks for. Or a `pattern` in a definition is no regular expression that Go takes.\n\nBy default: error\n\n## How to mend it\n\nOf quantities the units are `m`, `k`, `M`, `G`, `Ki`, `Mi`, `Gi` \u2026: `64MB` is none. What isn't in base64 belongs in `stringData`, or through `b64enc`. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nThe API server evaluates patterns of a CustomResourceDefinition with RE2, which has no look-around (`(?=\u2026)`, `(?!\u2026)`), no back references (`\\1`) and no repetition beyond 1,000, and it refuses a definition with another one. Say it without, or by a rule in CEL (`x-kubernetes-validations`).\n\nTold as something else, for all: `policies: [schema/format=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/future-api":"# schema/future-api\n\nThe API version of an object is only in later Kubernetes versions than this one.\n\nBy default: error\n\n## How to mend it\n\nLet the template choose by `.Capabilities.APIVersions.Has`, or leave older versions out of `kube-versions`.\n\nTold as something else, for all: `policies: [schema/future-api=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/name":"# schema/name\n\nA name, a label or an annotation isn't one that the API server takes for this kind: too long, upper-case letters, a character that isn't allowed. Within a pod that holds for its containers, its volumes, and its ports, whose names have at most 15 characters and at least one letter: a probe's `port: \"8080\"` is a name, and none.\n\nBy default: error\n\n## How to mend it\n\nCut names at the base and keep the suffix (`trunc 63 | trimSuffix \"-\"`); lower-case them. A label's value has at most 63 characters: a long one belongs in an annotation.\n\nTold as something else, for all: `policies: [schema/name=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/no-kind":"# schema/no-kind\n\nA rendered document has no `apiVersion` or no `kind`.\n\nBy default: error\n\n## How to mend it\n\nEach document needs both. A file that is included by others belongs in a file whose name begins with `_`, so that it isn't rendered by itself.\n\nTold as something else, for all: `policies: [schema/no-kind=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/no-name":"# schema/no-name\n\nA rendered object has neither `metadata.name` nor `metadata.generateName`.\n\nBy default: error\n\n## How to mend it\n\nGive it a name; `generateName` only to hooks, since helm can't upgrade what has another name each time.\n\nTold as something else, for all: `policies: [schema/no-name=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/no-schemas":"# schema/no-schemas\n\nThere are no schemas of this Kubernetes version: for it only removed and deprecated API versions are looked for.\n\nBy default: warning\n\n## How to mend it\n\nAsk for versions that there are schemas of; the hint lists them.\n\nTold as something else, for all: `policies: [schema/no-schemas=note]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/not-evaluated":"# schema/not-evaluated\n\nThe definition of a custom resource has patterns, or rules in CEL, that are left to the API server.\n\nBy default: note\n\n## How to mend it\n\nThere is nothing to mend. A dry run of a deployment (`dry-run`) asks the API server.\n\nTold as something else, for all: `policies: [schema/not-evaluated=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/range":"# schema/range\n\nA number is beyond what the field can hold, or beyond the bounds in the definition of a custom resource; or it is the number of a port and not one from 1 to 65535.\n\nBy default: error\n\n## How to mend it\n\nHelm reads numbers of values files as floating-point ones: keep large ones in quotes, and write them out with `int64`. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/range=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/removed-api":"# schema/removed-api\n\nThe API version of an object isn't in this Kubernetes version any more.\n\nBy default: error\n\n## How to mend it\n\nUse the version that the hint names. Where older clusters are to work, too, choose by `.Capabilities.APIVersions.Has`; or leave versions that needn't work out of `kube-versions`.\n\nTold as something else, for all: `policies: [schema/removed-api=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/required":"# schema/required\n\nA rendered object lacks a field that Kubernetes requires.\n\nBy default: error\n\n## How to mend it\n\nAdd it; often a value that it is made of is empty, and `with` or `if` left it out. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/required=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/type":"# schema/type\n\nA field of a rendered object has another type than Kubernetes takes there: a number where text is asked (`data` of a ConfigMap, the `value` of a variable), text where a list is.\n\nBy default: error\n\n## How to mend it\n\nQuote what must be text (`{{ .Values.port | quote }}`), and take the quotes from what must be a number (`{{ .Values.replicas | int }}`). The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/type=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/unknown-field":"# schema/unknown-field\n\nA rendered object has a field that Kubernetes, or the definition of a custom resource, doesn't have in this version. A strict API server refuses the object; a lenient one drops the field, so that the setting never has an effect.\n\nBy default: error\n\n## How to mend it\n\nCorrect the name (the nearest one is in the hint), its place, or its case. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/unknown-field=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/unknown-kind":"# schema/unknown-kind\n\nThere is no schema of the kind, so that the object isn't checked. Of a group of Kubernetes' own it is an error: there is no such kind.\n\nBy default: warning\n\n## How to mend it\n\nGive the CustomResourceDefinition, or a JSON schema, by `crd-schemas`: a file or a folder in the repository. The chart's own `crds/`, those of its dependencies, and those that templates render are known already.\n\nTold as something else, for all: `policies: [schema/unknown-kind=note]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/unread":"# schema/unread\n\nA rendered document can't be read, or is too deep, and so isn't checked.\n\nBy default: warning\n\n## How to mend it\n\nSee the reason in the message.\n\nTold as something else, for all: `policies: [schema/unread=note]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","schema/value":"# schema/value\n\nA value of a custom resource breaks a rule of its definition: a length, a number of entries, a fixed choice among schemas. Or a container mounts a volume that its pod doesn't have (of a Pod itself, which admission may have given one, that is a warning).\n\nBy default: error\n\n## How to mend it\n\nCorrect it as the message says. The finding names the line of the values file or of the template that is the cause, where that can be known; the path of the field is in the message.\n\nTold as something else, for all: `policies: [schema/value=warning]` in chartship.yaml, or the input `policies` (`error`, `warning`, `note`, `off`).\n","validate/boolean-key":'# validate/boolean-key\n\nA key in a values file is `y`, `n`, `yes`, `no`, `on` or `off`, in whatever case and without quotes: helm takes it for a boolean, and knows it as `true` or `false`.\n\nBy default: warning\n\n## Why\n\nHelm reads YAML as version 1.1 has it. After `on: 1` there is no `.Values.on`: a template that reads it gets nothing, and nobody is told; `toYaml` writes `"true": 1`.\n\n## How to mend it\n\nWrite the key in quotes: `"on": 1`. Where the boolean is meant, write `true` or `false`.\n\n## How to silence it\n\nBy writing `true` or `false`, where that is meant.\n\nFor all: `policies: [validate/boolean-key=off]` in chartship.yaml, or the input `policies`; `error`, `warning` and `note` set another severity.\n',"validate/encrypted":`# validate/encrypted

A values file that sops encrypted can't be opened: sops isn't there or has no key, the file was changed by hand, what it holds is no YAML, or the run is for a checkout that isn't to be trusted.

By default: error

## How to mend it

The message is what sops says. Keys are given to sops as it knows them (its variables, a file of age keys, the cloud's login). For a pull request from a fork nothing is decrypted on purpose: check it on \`pull_request\` or \`push\`, where the workflow is of that commit.

It is always an error, whatever \`policies\` says: what the values are, or must be, isn't known then.
`,"validate/not-encrypted":`# validate/not-encrypted

A file named \`*.enc.yaml\` isn't encrypted: what is in it is read by everybody who can read the repository.

By default: error

## How to mend it

\`sops encrypt --in-place FILE\`. What stood in clear in a commit is known: take another password, too. A file that is to stand in clear gets another name.

It is always an error, whatever \`policies\` says: what the values are, or must be, isn't known then.
`,"validate/required-value":"# validate/required-value\n\nAn environment doesn't set a value that it must set itself, as `requiredValues` in chartship.yaml has it; the chart's default is not enough.\n\nBy default: error\n\n## How to mend it\n\nSet it in one of the environment's values files, or take it out of `requiredValues` where the default is what is wanted.\n\n## How to silence it\n\nFor all: `policies: [validate/required-value=off]` in chartship.yaml, or the input `policies`; `error`, `warning` and `note` set another severity.\n","validate/same-as-default":`# validate/same-as-default

An environment's values file sets what the chart's values.yaml has already, and no environment sets it otherwise.

By default: note

## Why

The file says what differs in an environment. A line by which nothing differs is read and kept up to date for nothing, and when the default is changed this environment stays behind.

It isn't told where another environment sets something else (then it is there to be compared), of plain values beside one that differs (a request for memory, and with it one for CPU), of encrypted files, of what an alias names elsewhere, of what the environment must set itself (\`requiredValues\`), and in a run that checks only some of the environments.

## How to mend it

Take it out: the default holds without it.

## How to silence it

It is a note: no run fails for it.

For all: \`policies: [validate/same-as-default=off]\` in chartship.yaml, or the input \`policies\`; \`error\`, \`warning\` and \`note\` set another severity.
`,"validate/schema-reference":`# validate/schema-reference

values.schema.json refers outside itself: to a URL or to a file. Helm would fetch it, so that what is checked would depend on the network, and on who answers. It isn't followed, and values are not checked against this schema.

By default: error

## How to mend it

Copy the definition into the schema under \`$defs\` (or \`definitions\`) and refer to it with \`#/$defs/NAME\`.

It is always an error, whatever \`policies\` says: what the values are, or must be, isn't known then.
`,"validate/schema":`# validate/schema

values.schema.json is no JSON, is nested too deeply, or is no JSON schema that helm can use. No values can be checked against it.

By default: error

## How to mend it

The line is that of the fault in the schema. \`helm lint\` with a schema of one property shows whether helm takes it; patterns are Go's (RE2), which knows no lookahead and no back-references. Of a dependency's schema the publisher of that chart has to mend it; another version of the dependency is the way round.

It is always an error, whatever \`policies\` says: what the values are, or must be, isn't known then.
`,"validate/unused-value":`# validate/unused-value

A key in a values file is read by nothing: no template of the chart or of a dependency that an environment uses, no condition or tag, and no schema names it.

By default: warning

## Why

Helm takes any key and says nothing. \`postgresql.replica.replicaCount: 2\` in the values of a chart that calls it \`readReplicas\` asks for two replicas and gets none, and nobody is told; neither is who wrote \`replicacount\`.

What holds an anchor that an alias elsewhere names counts as used, and so does what came by an alias or a merge (\`<<: *defaults\`): it can't be taken out where it is of no use.

## How to mend it

Take the key out, or call it what the finding says is used. What is meant for something beside the templates (people, another program) is named in values.schema.json:

\`\`\`json
{ "properties": { "notes": { "description": "For the runbook alone." } } }
\`\`\`

Of a dependency that every environment switches off, take out what is set for it, or switch it on where it is needed.

## How to silence it

By values.schema.json, as above: what a schema names is nobody's mistake.

For all: \`policies: [validate/unused-value=off]\` in chartship.yaml, or the input \`policies\`; \`error\`, \`warning\` and \`note\` set another severity.
`,"validate/values-file":`# validate/values-file

A values file can't be used as it is: it is no YAML, has a key twice, is no mapping, is larger than is read, or is encrypted with sops under a name that isn't decrypted.

By default: error

## How to mend it

The finding names the line and the column. Of a key that stands twice helm takes the last without a word, so that one of the two is of no effect: take it out. A file that sops encrypted is named \`*.enc.yaml\`.

It is always an error, whatever \`policies\` says: what the values are, or must be, isn't known then.
`,"validate/values-schema":`# validate/values-schema

The values of an environment break values.schema.json, the chart's own or that of a dependency: a wrong type, a pattern that doesn't match, a key that isn't allowed, one that is missing.

By default: error

## How to mend it

Helm judges; the finding names the values file and the line that set the value, the last of those that are merged. Change the value there. Where \`--set\` or secret values set it, that is said instead of a line. A key that the schema doesn't know is often a slip of the pen: its hint names the nearest one that is used.

It is always an error, whatever \`policies\` says: Helm itself stops there.
`};function rulePages(){return{pages:rule_pages_default}}function explain(rule){let rules=Object.keys(rule_pages_default);if(rule===void 0||rule==="")return{known:!0,text:`${rules.join(`
`)}
`};let found=[rule,`policy/${rule}`,`schema/${rule}`].find(name=>Object.hasOwn(rule_pages_default,name));if(found!==void 0)return{known:!0,text:rule_pages_default[found]??""};let shown=JSON.stringify(rule.slice(0,60)),near=(0,import_chunk_RAREPBYN.nearest)(rule,rules)??rules.find(name=>name.endsWith(`/${(0,import_chunk_RAREPBYN.nearest)(rule,rules.map(lastStep))??""}`)),hint=near===void 0?"chartship --explain lists the rules that have one.":`Did you mean ${near}?`;return{known:!1,text:`There is no page on the rule ${shown}. ${hint}
`}}function lastStep(rule){return rule.slice(rule.indexOf("/")+1)}0&&(module.exports={explain,rulePages});

})