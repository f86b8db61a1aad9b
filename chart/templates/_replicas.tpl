{{/*
How many agents the Deployment asks for. With autoscaling it is what runs now, within the bounds: leaving the field
out would make Helm and kubectl take it away, and the API server set 1. Where no Deployment is found (a first
install, or no cluster to ask) it is what a new release starts with.
*/}}
{{- define "task-api.replicas" -}}
{{- $replicas := .Values.agent.replicaCount -}}
{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- $live := lookup "apps/v1" "Deployment" $.Release.Namespace (include "task-api.fullname" $) -}}
{{- $replicas = dig "spec" "replicas" $replicas $live | int | max .minReplicas | min .maxReplicas -}}
{{- end -}}
{{- end -}}
{{- $replicas -}}
{{- end -}}

{{/* The fewest agents that are meant to run. */}}
{{- define "task-api.leastReplicas" -}}
{{- .Values.autoscaling.enabled | ternary .Values.autoscaling.minReplicas .Values.agent.replicaCount -}}
{{- end -}}
