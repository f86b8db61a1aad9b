{{/* Names and labels. Hosts and URLs of the stores: _stores.tpl; migrations: _migration.tpl. */}}

{{- define "task-api.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
The release's name; RELEASE-task-api inside another chart, where the release is not this chart's alone, and where
a dependency has that name already (it takes the release's own when that contains "postgresql" or "redis").
*/}}
{{- define "task-api.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- $taken := list -}}
{{- range .Subcharts -}}
{{- $taken = append $taken (include "common.names.fullname" .) -}}
{{- end -}}
{{- if and (or (contains $name .Release.Name) (and .Chart.IsRoot (not .Values.nameOverride))) (not (has .Release.Name $taken)) -}}
{{- $full = .Release.Name -}}
{{- end -}}
{{- .Values.fullnameOverride | default $full | replace "." "-" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
The full name with a suffix, of 63 characters at most: what is too long is cut off the base, never off the
suffix, and a hash keeps two long names apart. Called with (list CONTEXT SUFFIX).
*/}}
{{- define "task-api.suffixed" -}}
{{- $full := include "task-api.fullname" (first .) -}}
{{- $suffix := last . -}}
{{- $room := sub 63 (len $suffix) | int -}}
{{- if gt (len $full) $room -}}
{{- $full = printf "%s-%s" ($full | trunc (sub $room 9 | int) | trimSuffix "-") ($full | sha256sum | trunc 8) -}}
{{- end -}}
{{- print $full $suffix -}}
{{- end -}}

{{- define "task-api.serviceAccountName" -}}
{{- .Values.serviceAccount.create | ternary (include "task-api.fullname" .) "default" | default .Values.serviceAccount.name -}}
{{- end -}}

{{- define "task-api.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Labels, called with (dict "context" $ "component" NAME). Every pod of the chart has a component, so that a
selector for the agent never takes in a migration's or a test's pod.
*/}}
{{- define "task-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "task-api.name" .context }}
app.kubernetes.io/instance: {{ .context.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Of pods: nothing that changes with the chart's version alone, which would restart them. */}}
{{- define "task-api.podLabels" -}}
{{- $own := dict "app" .context.Chart.Name -}}
{{- merge $own (include "task-api.selectorLabels" . | fromYaml) .context.Values.organizationLabels | toYaml -}}
{{- end -}}

{{- define "task-api.labels" -}}
{{- $own := dict
  "helm.sh/chart" (include "task-api.chart" .context)
  "app.kubernetes.io/part-of" .context.Chart.Name
  "app.kubernetes.io/version" .context.Chart.AppVersion
  "app.kubernetes.io/managed-by" .context.Release.Service
-}}
{{- merge $own (include "task-api.podLabels" . | fromYaml) | toYaml -}}
{{- end -}}

{{- define "task-api.agentImage" -}}
{{- printf "%s:%s" .Values.agent.image.repository (.Values.agent.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* What the pods of the chart have in common; satisfies the restricted Pod Security Standard. */}}
{{- define "task-api.podDefaults" -}}
enableServiceLinks: false
automountServiceAccountToken: {{ .automount | default false }}
{{- with .context.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "task-api.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The agent's configuration, as the ConfigMap has it. What the chart sets itself, agent.env can't. */}}
{{- define "task-api.config" -}}
{{- $config := dict
  "ORGANIZATION" .Values.organizationLabels.team
  "ENVIRONMENT" .Values.organizationLabels.environment
  "POSTGRES_HOST" (include "task-api.postgresql.host" .)
  "POSTGRES_PORT" (include "task-api.postgresql.port" .)
  "REDIS_HOST" (include "task-api.redis.host" .)
  "REDIS_PORT" (include "task-api.redis.port" .)
-}}
{{- range $key := concat (keys $config) (list "DATABASE_URL" "REDIS_URL") | sortAlpha }}
{{- if hasKey $.Values.agent.env $key }}
{{- fail (printf "agent.env.%s is set by the chart itself: take it out of the values" $key) }}
{{- end }}
{{- end }}
{{- range $key, $value := merge $config .Values.agent.env }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end -}}
