{{/* Names and labels. The rest by what it is about: _config, _secrets, _stores, _pods, _migration, _backup, _network, _checks. */}}

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
suffix, and a hash keeps two long names apart. Called with (list CONTEXT SUFFIX), or (list CONTEXT SUFFIX LIMIT).
*/}}
{{- define "task-api.suffixed" -}}
{{- $full := include "task-api.fullname" (first .) -}}
{{- $suffix := index . 1 -}}
{{- $limit := eq (len .) 3 | ternary (last .) 63 | int -}}
{{- $room := sub $limit (len $suffix) | int -}}
{{- if gt (len $full) $room -}}
{{- $full = printf "%s-%s" ($full | trunc (sub $room 9 | int) | trimSuffix "-") ($full | sha256sum | trunc 8) -}}
{{- end -}}
{{- print $full $suffix -}}
{{- end -}}

{{/* Of a CronJob: its Jobs have eleven characters more. Called like the above. */}}
{{- define "task-api.cronJobName" -}}
{{- include "task-api.suffixed" (list (first .) (last .) 52) -}}
{{- end -}}

{{- define "task-api.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "task-api.fullname" .) "default") -}}
{{- end -}}

{{- define "task-api.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Labels, called with (dict "context" $ "component" NAME). Every pod of the chart has a component, so that a
selector for the agent never takes in a migration's or a test's pod.
*/}}
{{- define "task-api.selectorLabels" -}}
app.kubernetes.io/name: {{ include "task-api.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Of pods: nothing that changes with the chart's version alone, which would restart them. `app` is what the stores have too, also under an alias. */}}
{{- define "task-api.podLabels" -}}
{{- $own := dict "app" "task-api" -}}
{{- merge $own (include "task-api.selectorLabels" . | fromYaml) .context.Values.organizationLabels | toYaml -}}
{{- end -}}

{{- define "task-api.labels" -}}
{{- $own := dict
  "helm.sh/chart" (include "task-api.chart" .context)
  "app.kubernetes.io/part-of" .context.Chart.Name
  "app.kubernetes.io/version" (.context.Chart.AppVersion | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/managed-by" .context.Release.Service
-}}
{{- merge $own (include "task-api.podLabels" . | fromYaml) | toYaml -}}
{{- end -}}

{{/* An object's metadata, called with (dict "context" $ "component" NAME "name" NAME "labels" {} "annotations" {}); the last two may be left out. */}}
{{- define "task-api.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .context.Release.Namespace | quote }}
labels:
  {{- merge (include "task-api.labels" . | fromYaml) (.labels | default dict) | toYaml | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
